import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { anEvent } from './event/an-event.fixture.ts';
import { openOnKafka } from './notifier-on-kafka.fixture.ts';
import type { OnKafka, Reading } from './notifier-on-kafka.fixture.ts';

let all: OnKafka;
const inTime = { timeoutMs: 90_000 };
/** The spec holds a post for up to 90 s, and its claim lasts longer; a digest names all that it holds. */
const options = { digest: { above: 2, max: 8 }, leaseMs: 120_000, timeoutMs: 90_000 };

beforeEach(async () => {
  all = await openOnKafka();
});
afterEach(async () => {
  await all[Symbol.asyncDispose]();
});

/** Events of one reservation each, so that they are spread over the partitions. */
const eventsOf = (count: number) =>
  Array.from({ length: count }, () => anEvent({ payment: { reservationId: randomUUID() } }));
const timesTold = (events: readonly { id: string; key: string }[]) => {
  const bodies = all.slack.received().map((message) => JSON.stringify(message));
  return events.map(({ id, key }) => bodies.filter((body) => body.includes(id) || body.includes(key)).length);
};
const joined = (one: Reading) =>
  one.lines.filter(({ msg }) => msg === 'ready: reading payment events').map(({ partitions }) => partitions);
const hasJoined = (one: Reading) => eventually(() => expect(joined(one)).not.toEqual([]), inTime);

describe('several notifiers of one group', () => {
  it('tell each message once while one joins and one leaves in mid-batch, a post under way each time', async () => {
    const events = eventsOf(100);
    await all.send(...events.slice(0, 40));
    // A second later all of them have come: the post after that holds messages of several partitions.
    all.slack.failNext({ status: 429, retryAfterSeconds: 1 });
    const whileJoining = all.slack.holdNext();
    all.slack.failAlways({ delayMs: 50 });
    const first = await all.run(options);
    await whileJoining.arrived;
    const second = await all.run(options);
    await hasJoined(second);
    await all.send(...events.slice(40));
    // Some of what the first one is telling is the second one's by now: it is not to tell it, too.
    await eventually(() => expect(second.tally.told).toBeGreaterThan(5), inTime);
    const whileLeaving = all.slack.holdNext();
    whileJoining.release();
    const more = eventsOf(80);
    events.push(...more);
    await all.send(...more);
    await whileLeaving.arrived;
    const left = first.end();
    const third = await all.run(options);
    whileLeaving.release();
    await left;
    await hasJoined(third);

    const notifiers = [first, second, third];
    await eventually(() => expect(Math.min(...timesTold(events))).toBeGreaterThan(0), inTime);
    expect(timesTold(events)).toEqual(events.map(() => 1));
    expect(notifiers.map(({ tally }) => tally.mayRepeat)).toEqual([0, 0, 0]);
    // It did happen in mid-batch: messages went from hand to hand.
    expect(joined(first).length).toBeGreaterThan(1);
    const told = () => notifiers.reduce((sum, { tally }) => sum + tally.told, 0);
    await eventually(() => expect(told()).toBeGreaterThanOrEqual(events.length), inTime);
  });
});
