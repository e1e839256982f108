import { expect, it } from '@jest/globals';
import { startSlackStandIn, throwAwayDatabase } from '@payments/testing';
import { aNotifier, asConsumed } from '../a-notifier.fixture.ts';
import { anEvent } from '../event/an-event.fixture.ts';

it('keeps a limit that is exactly its own, also when a request comes to Slack later than those behind it', async () => {
  await using database = await throwAwayDatabase();
  await using slack = await startSlackStandIn({ rateLimit: { perSecond: 2, burst: 3 } });
  await using notifier = await aNotifier({
    databaseUrl: database.url,
    webhookUrl: slack.webhook,
    minIntervalMs: 500,
    burst: 3,
  });
  // As over a connection that has to be made first: it counts when it is there, not when it was sent.
  slack.failNext({ delayMs: 300 });
  const events = Array.from({ length: 6 }, () => anEvent());
  await Promise.all(events.map((event) => notifier.handle(asConsumed(event))));
  expect(slack.requests().map(({ answer }) => answer)).toEqual(events.map(() => 200));
});
