import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSlackStandIn, throwAwayDatabase } from '@payments/testing';
import type { SlackStandIn } from '@payments/testing';
import { aNotifier, asConsumed } from '../a-notifier.fixture.ts';
import { anEvent } from '../event/an-event.fixture.ts';

let stack: AsyncDisposableStack;
let slack: SlackStandIn;
let databaseUrl: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  databaseUrl = stack.use(await throwAwayDatabase()).url;
  slack = stack.use(await startSlackStandIn({ rateLimit: { perSecond: 1, burst: 3 } }));
});
afterEach(() => stack.disposeAsync());

/** So many events, dealt out evenly to so many notifiers whose pace is exactly the limit. */
async function tell(events: number, { notifiers }: { notifiers: number }): Promise<void> {
  const pace = { minIntervalMs: 1000, burst: 3 };
  const all = await Promise.all(
    Array.from({ length: notifiers }, () => aNotifier({ databaseUrl, webhookUrl: slack.webhook, ...pace })),
  );
  all.forEach((notifier) => stack.use(notifier));
  const told = all.flatMap((notifier) =>
    Array.from({ length: events / notifiers }, () => notifier.handle(asConsumed(anEvent()))),
  );
  await Promise.all(told);
}
const answers = () => slack.requests().map(({ answer }) => answer);

describe('a limit that is exactly the pace', () => {
  it('is kept when a request comes to Slack later than those behind it, as over a new connection', async () => {
    slack.failNext({ delayMs: 500 });
    await tell(6, { notifiers: 1 });
    expect(answers()).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it('is kept by several notifiers when the requests of a whole burst come late', async () => {
    slack.failNext({ delayMs: 500 }, 3);
    await tell(6, { notifiers: 3 });
    expect(answers()).toEqual([200, 200, 200, 200, 200, 200]);
  });
});
