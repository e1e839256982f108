import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { fasterThan } from '@payments/servers';
import { notifierLoad } from './config.ts';
import { openEventTopic, type EventTopic } from './event-topic.fixture.ts';
import { checkTold } from './notifier-load/check-told.ts';
import { openFleet, type Fleet } from './notifier-load/fleet.fixture.ts';
import { fullLoad, smallLoad, type FleetPlan } from './notifier-load/loads.fixture.ts';
import { limitsIn } from './notifier-load/misbehave.fixture.ts';
import { planLoad } from './notifier-load/plan-load.fixture.ts';
import type { SentEvent } from './payment-events.fixture.ts';
import { sideBySide } from './side-by-side.ts';

/** 500 events a second. */
const [eventsAtATime, everyMs] = [50, 100];

it('a rush of payments is told whole and once, in order, at Slack’s pace and through its failures, by one notifier and by three', async () => {
  const count = notifierLoad();
  const { limit, fleets: plans } = count > 1000 ? fullLoad : smallLoad;
  const events = planLoad(count);
  await using stack = new AsyncDisposableStack();
  const topic = stack.use(await openEventTopic());
  const fleets = await sideBySide(plans, async (plan) => ({
    plan,
    fleet: stack.use(await openFleet({ topic, events, limit, ...plan })),
  }));
  const [begunAt] = await Promise.all([send(topic, events), sideBySide(fleets, ({ fleet }) => fleet.told())]);
  const lines = await sideBySide(fleets, async ({ plan, fleet }) => {
    const counted = await fleet.end();
    expect(checkTold(events, fleet.posts())).toEqual([]);
    requirePace(fleet, plan);
    const tookMs = Date.parse(fleet.slack.received().at(-1)?.at ?? '') - begunAt;
    expect(tookMs).toBeLessThan(plan.withinMs);
    return tell({ plan, fleet, tookMs, counted });
  });
  console.log(lines.join('\n'));

  function requirePace({ slack }: Fleet, { faults, notifiers, late = 0 }: FleetPlan): void {
    const requests = slack.requests();
    const pace = { perSecond: 1000 / limit.intervalMs, burst: limit.burst + late };
    expect(fasterThan(requests, pace)).toEqual([]);
    // Slack never had to refuse for the pace: every 429 is one of the plan.
    const [early, refused] = [true, false].map((is) =>
      requests.filter(({ answer, tooSoonMs }) => answer === 429 && (tooSoonMs !== undefined) === is),
    );
    expect(refused).toHaveLength(limitsIn(faults));
    // What Slack asked for is waited for; each of the other notifiers may have had a post under way.
    expect(early?.length).toBeLessThanOrEqual((notifiers - 1) * limitsIn(faults));
  }
}, 3_600_000);

/** @returns when it began, in milliseconds */
async function send(topic: EventTopic, events: readonly SentEvent[]): Promise<number> {
  const begunAt = Date.now();
  for (let sent = 0; sent < events.length; sent += eventsAtATime) {
    await pause(Math.max(0, begunAt + (sent / eventsAtATime) * everyMs - Date.now()));
    await topic.send(events.slice(sent, sent + eventsAtATime));
  }
  return begunAt;
}

function tell(end: {
  plan: FleetPlan;
  fleet: Fleet;
  tookMs: number;
  counted: Record<string, number>;
}): string {
  const { plan, fleet, tookMs, counted } = end;
  const posts = fleet.posts().map(({ length }) => length);
  const digests = posts.filter((size) => size > 1);
  const answers = new Map<string | number, number>();
  for (const { answer } of fleet.slack.requests()) answers.set(answer, (answers.get(answer) ?? 0) + 1);
  return (
    `${plan.notifiers} notifier(s): all told after ${(tookMs / 1000).toFixed(1)} s in ${posts.length} posts, ` +
    `${digests.length} digests of up to ${Math.max(...posts)}; ` +
    `answers ${[...answers].map(([answer, times]) => `${answer}: ${times}`).join(', ')}; ${JSON.stringify(counted)}`
  );
}
