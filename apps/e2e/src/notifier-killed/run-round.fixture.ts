import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { eventually } from '@payments/testing';
import { partitionOf, type EventTopic } from '../event-topic.fixture.ts';
import { aPaymentEvent, type SentEvent } from '../payment-events.fixture.ts';
import { sideBySide } from '../side-by-side.ts';
import type { Point } from './points.fixture.ts';
import { postsOf, requestsOf, standingOf } from './standing.fixture.ts';
import type { World } from './world.fixture.ts';

/**
 * Only a safety net: what is waited for comes within seconds, or after a lease of 15 s and a session of 6 s.
 */
const inTime = { timeoutMs: 90_000 };

/** A world, and where its notifiers are killed. */
export interface Doomed {
  world: World;
  point: Point;
}

/** What came of a round in one world. */
export interface RoundEnd {
  /** Messages in the channel that tell what was under way at the kill. */
  posts: number;
}

/**
 * One round in all worlds side by side, since they read one topic: events are sent that go into one post, every notifier is
 * killed at its point and shown to have been there, more is sent while nobody is there, and the next notifiers tell the rest.
 */
export async function runRound(
  topic: EventTopic,
  doomed: readonly Doomed[],
  size: number,
): Promise<RoundEnd[]> {
  const subject = eventsOfOnePartition(size);
  const reached = doomed.map(({ world, point }) => point.arrange(world, subject));
  const partition = partitionOf(subject[0]?.message.key ?? '');
  const first = (await topic.ends()).get(partition) ?? 0;
  await topic.send(subject);
  const leaseEnds = await sideBySide(doomed, async ({ world, point }, at) => {
    await reach(reached[at]);
    await world.kill();
    const standing = await standingOf(world, { events: subject, first });
    expect(standing).toEqual(point.stands(size));
    return leaseEndOf(world, subject);
  });
  const meanwhile = eventsOfOnePartition(2, partition);
  await topic.send(meanwhile);
  return sideBySide(doomed, async ({ world, point }, at) => {
    const before = postsOf(world, subject).flat().length;
    await world.start();
    await requireTold(world, meanwhile);
    const since = postsOf(world, [...subject, ...meanwhile]).flat().length - before;
    // Lines come by another way than posts: with these, all that was printed before them is read.
    await eventually(() => expect(saidToBeTold(world)).toBe(since), inTime);
    return checkSubject(world, { point, subject, leaseEnd: leaseEnds[at] });
  });
}

/** Each its own reservation, all in one partition: Kafka hands them on together. */
function eventsOfOnePartition(count: number, wanted?: number): SentEvent[] {
  const events: SentEvent[] = [];
  let partition = wanted;
  while (events.length < count) {
    const event = aPaymentEvent(
      `r-${Math.random().toString(36).slice(2)}`,
      events.length % 3 ? 'COMPLETED' : 'FAILED',
    );
    partition ??= partitionOf(event.message.key);
    if (partitionOf(event.message.key) === partition) events.push(event);
  }
  return events;
}

/** What came later stands behind it in the partition: once that is told and all of it committed, nothing more can come. */
async function requireTold(world: World, meanwhile: SentEvent[]): Promise<void> {
  await eventually(() => expect(postsOf(world, meanwhile).flat()).toHaveLength(meanwhile.length), inTime);
  await requireCommitted(world);
  expect(idsOf(postsOf(world, meanwhile).flat())).toEqual(idsOf(meanwhile));
}

type Sent = { point: Point; subject: SentEvent[]; leaseEnd: Date | undefined };

function checkSubject(world: World, { point, subject, leaseEnd }: Sent): RoundEnd {
  const posts = postsOf(world, subject).map((told) => idsOf(told).sort());
  // In one post before, and in one post again.
  const post = idsOf(subject).sort();
  expect(posts).toEqual(point.repeats ? [post, post] : [post]);
  expect(saidToRepeat(world).sort()).toEqual(point.mayRepeat ? post : []);
  const last = requestsOf(world, subject).at(-1);
  expect(Date.parse(last?.at ?? '')).toBeGreaterThanOrEqual(leaseEnd?.getTime() ?? 0);
  return { posts: posts.length };
}

const idsOf = (events: readonly SentEvent[]) => events.map(({ id }) => id);

/** When the claims of a dead one end, if there are any; nobody tells them before. */
async function leaseEndOf({ sql }: World, events: readonly SentEvent[]): Promise<Date | undefined> {
  const [row] = await sql<{ end: Date | null }>(
    'select max(lease_until) as end from notifier.inbox where id = any ($1::uuid[])',
    [idsOf(events)],
  );
  return row?.end ?? undefined;
}

/** Everything is read and committed: the next commit is of what is sent next. */
export const requireCommitted = ({ topic, groupId }: World): Promise<void> =>
  eventually(async () => {
    const [ends, committed] = await Promise.all([topic.ends(), topic.committed(groupId)]);
    expect([...ends].filter(([partition, end]) => (committed.get(partition) ?? 0) !== end)).toEqual([]);
  }, inTime);

/** How many messages the notifier of now says that it told. */
const saidToBeTold = ({ notifier }: World): number =>
  notifier()
    .lines.filter(({ fields }) => fields['msg'] === 'told')
    .reduce((sum, { fields }) => sum + Number(fields['messages']), 0);

/** The ids that the notifier of now told although one before it may have told them. */
const saidToRepeat = ({ notifier }: World): unknown[] =>
  notifier()
    .lines.filter(({ text }) => text.includes('may have told this message'))
    .map(({ fields }) => fields['id']);

async function reach(reached: Promise<unknown> | undefined): Promise<void> {
  const tooLate = new AbortController();
  const late = pause(inTime.timeoutMs, undefined, { signal: tooLate.signal }).then(() => {
    throw new Error('the notifier did not come to its point');
  });
  await Promise.race([reached, late]).finally(() => tooLate.abort());
}
