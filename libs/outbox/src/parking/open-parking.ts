import type { RelayMessage } from '../relay/read-messages.ts';
import { inTransaction } from '../in-transaction.ts';
import type { Job, ParkingBatch, ParkingContext } from './job.ts';
import { jobOf } from './job-of.ts';
import { loadParked } from './load-parked.ts';
import { parkMessages } from './park-messages.ts';
import { parkTopics } from './park-topics.ts';
import { parkedSet } from './parked-set.ts';
import { settledRefusals, type Refusal } from './refusal.ts';
import { nextOfTopic } from './release-topic.ts';
import { readOpenRequests } from './requests.ts';
import { headsOf } from './settle-parked.ts';

/**
 * The parked messages of the lanes that a relay owns, and what people ask about them. Everything here runs on the relay's
 * fenced connection; the caller sees to it that one thing happens at a time.
 */
export interface Parking {
  /** Lanes were gained: reads what is parked in them. */
  gain: (lanes: readonly number[]) => Promise<void>;
  /** Lanes were given away, with what is parked in them. A batch that was handed out must be dropped with them. */
  drop: (lanes: readonly number[]) => void;
  /** Parts messages that are about to be sent from those that have to follow what is parked. */
  split: (messages: readonly RelayMessage[]) => { messages: RelayMessage[]; followers: Refusal[] };
  /** Parks what was refused of a batch of the log and its followers, in one transaction with its checkpoint. */
  park: (parked: ParkedWithBatch, checkpoint: () => Promise<void>) => Promise<void>;
  /** Somebody may have asked for something. */
  hint: () => void;
  /** Whether `nextBatch` has anything to ask for. Costs nothing. */
  due: () => boolean;
  /** A batch could not be sent for now, and was dropped: what is left waits for a moment, and longer each time. */
  postpone: () => void;
  /** The next batch of what is released or published again. */
  nextBatch: () => Promise<ParkingBatch | undefined>;
}

/** What of a batch of the log is parked: what follows what is parked already, and what was refused now, with its followers. */
export interface ParkedWithBatch {
  followers: readonly Refusal[];
  refusals: readonly Refusal[];
}

/** How long, in milliseconds, a request waits whose hint was lost. A little less than the default poll interval. */
const lookEveryMs = 900;

/** How long, in milliseconds, a batch waits at first that could not be sent. */
const postponeMinMs = 250;

/** What a relay's parking works with; its lanes are gained later. */
export type ParkingOptions = Omit<ParkingContext, 'parked' | 'lanes'>;

/** The parking of a new session, which owns no lanes yet. */
export function openParking(options: ParkingOptions): Parking {
  const { client, now } = options;
  const lanes = new Set<number>();
  const parked = parkedSet();
  const context: ParkingContext = { ...options, parked, lanes };
  const jobs = new Map<bigint, Job>();
  let lookAt = 0;
  let turn = 0;
  let postponed = { until: 0, ms: postponeMinMs / 2 };

  const look = async (): Promise<void> => {
    lookAt = now() + lookEveryMs;
    for (const request of await readOpenRequests(client, [...lanes]))
      if (!jobs.has(request.number)) jobs.set(request.number, jobOf(context, request));
  };
  /** Forgets what is finished. */
  const tellFinished = (): void => {
    for (const [number, job] of jobs) {
      if (job.outcome() === null) continue;
      jobs.delete(number);
      options.log(`request ${number} is carried out: ${job.outcome()}`);
    }
  };
  const dueTopics = () => parked.topics().filter(({ works, dueAt }) => works || dueAt <= now());

  return {
    gain: async (gained) => {
      for (const lane of gained) lanes.add(lane);
      for (const { lane, topic, key, ...reason } of await loadParked(client, gained))
        if (key === null) parked.parkTopic([lane], topic, reason);
        else parked.parkKey(lane, { topic, key }, reason);
      lookAt = 0;
    },
    drop: (given) => {
      parked.drop(given);
      for (const lane of given) lanes.delete(lane);
      for (const [number, { lane }] of jobs) if (!lanes.has(lane)) jobs.delete(number);
    },
    split: (messages) => {
      const followers = messages.map(parked.blocks).filter((refusal) => refusal !== undefined);
      if (followers.length === 0) return { messages: [...messages], followers };
      const follow = new Set(followers.map(({ message }) => message));
      return { messages: messages.filter((message) => !follow.has(message)), followers };
    },
    park: async ({ followers, refusals }, checkpoint) => {
      const refused = settledRefusals(refusals);
      await inTransaction(client, async () => {
        await parkMessages(client, [...followers, ...refused]);
        await checkpoint();
      });
      const heads = headsOf(refused);
      parkTopics(context, heads);
      for (const { message, cause, ...reason } of heads)
        if (cause !== 'TOPIC') parked.parkKey(message.lane, message, reason);
    },
    hint: () => (lookAt = 0),
    postpone: () => {
      const ms = Math.min(2 * postponed.ms, options.probeMaxMs);
      postponed = { until: now() + ms, ms };
    },
    due: () =>
      lanes.size > 0 &&
      now() >= postponed.until &&
      (now() >= lookAt || jobs.size > 0 || dueTopics().length > 0),
    nextBatch: async () => {
      if (now() >= lookAt) await look();
      const topics = dueTopics().map((topic) => () => nextOfTopic(context, topic));
      for (const next of inTurn([...[...jobs.values()].map((job) => job.next), ...topics], turn)) {
        turn += 1;
        const batch = await next();
        tellFinished();
        if (batch) {
          const settle = async (refusals: readonly Refusal[]) => {
            await batch.settle(refusals);
            postponed = { until: 0, ms: postponeMinMs / 2 };
            tellFinished();
          };
          return { ...batch, settle };
        }
      }
      return undefined;
    },
  };
}

/** Each once, beginning with another one at each turn. */
const inTurn = <T>(all: readonly T[], turn: number): T[] => {
  const first = turn % Math.max(all.length, 1);
  return [...all.slice(first), ...all.slice(0, first)];
};
