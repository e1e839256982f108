import type { Passing } from '@payments/testing';
import { holdDatabase } from '../hold-database.fixture.ts';
import type { SentEvent } from '../payment-events.fixture.ts';
import type { Standing } from './standing.fixture.ts';
import type { World } from './world.fixture.ts';

/** A place in the telling of a message, or of a digest, at which the notifier is killed. */
export interface Point {
  /** Makes the notifier stop there; resolves when it does. The events are told in one post. */
  arrange: (world: World, events: readonly SentEvent[]) => Promise<unknown>;
  /** What has to stand after the kill, of so many events: the proof that it hit. */
  stands: (events: number) => Standing;
  /** Slack has it already, and is told once more: nobody knows. */
  repeats: boolean;
  /** The next notifier says that it may be told a second time. */
  mayRepeat: boolean;
}

const noted = { inbox: ['CLAIMED'], postsNoted: 1, committed: false };
const marked = { inbox: ['TOLD'], postsNoted: 0, committed: false };

/** The points, in the order of a message's life. */
export const points = {
  'Slack has the request, and has not taken it': {
    arrange: ({ slack }) => hanging(slack, 'before'),
    stands: (events) => ({ ...noted, requests: [events], inSlack: [] }),
    repeats: false,
    mayRepeat: true,
  },
  'Slack has taken it, and not answered': {
    arrange: ({ slack }) => hanging(slack, 'after'),
    stands: (events) => ({ ...noted, requests: [events], inSlack: [events] }),
    repeats: true,
    mayRepeat: true,
  },
  'Slack has answered, and the mark has not come to PostgreSQL': {
    arrange: (world, events) => holdStatement(world, (seen) => seen.sends && marks(seen, events)),
    stands: (events) => ({ ...noted, requests: [events], inSlack: [events] }),
    repeats: true,
    mayRepeat: true,
  },
  'it is marked, and the notifier has not heard so': {
    arrange: (world, events) => holdStatement(world, (seen) => !seen.sends && marks(seen, events)),
    stands: (events) => ({ ...marked, requests: [events], inSlack: [events] }),
    repeats: false,
    mayRepeat: false,
  },
  'it is marked, and its offset is on the way to Kafka': {
    arrange: ({ topic, groupId }) =>
      topic.door.faultWhen((passing) => (commitsOffsets(passing, groupId) ? 'hold' : 'pass')),
    stands: (events) => ({ ...marked, requests: [events], inSlack: [events] }),
    repeats: false,
    mayRepeat: false,
  },
} satisfies Record<string, Point>;

/** Resolves when the request hangs. */
function hanging(slack: World['slack'], hang: 'before' | 'after'): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = slack.onRequest(({ answer }) => {
    if (answer !== 'hang') return;
    end();
    resolve();
  });
  slack.failNext({ hang });
  return promise;
}

/** The notifier has no transactions of several statements: each is one of its own. */
const holdStatement = (world: World, isPoint: Parameters<typeof holdDatabase>[1]) =>
  holdDatabase(world, isPoint, () => true);

const marks = ({ transaction }: { transaction: string }, events: readonly SentEvent[]): boolean =>
  transaction.includes(`set state = 'TOLD'`) && events.every(({ id }) => transaction.includes(id));

/** The api key of an OffsetCommit request (kafka.apache.org/protocol). */
const offsetCommit = 8;

/** Whether it is a request of the group to commit. A client writes each request in one piece, which begins with its length. */
function commitsOffsets({ direction, bytes }: Passing, groupId: string): boolean {
  if (direction === 'reply') return false;
  for (let at = 0; at + 6 <= bytes.length; at += 4 + bytes.readInt32BE(at)) {
    const request = bytes.subarray(at, at + 4 + bytes.readInt32BE(at));
    if (request.readInt16BE(4) === offsetCommit && request.includes(groupId)) return true;
  }
  return false;
}
