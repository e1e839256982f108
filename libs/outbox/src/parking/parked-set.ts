import type { RelayMessage } from '../relay/read-messages.ts';
import { orderOf, type Refusal } from './refusal.ts';

/** The error of a parked message, as those behind it tell it. */
export interface ParkedReason {
  code: string;
  error: string;
}

/** A topic that nothing can be published to for now. Times are in milliseconds, on the clock of the caller. */
export interface ParkedTopic extends ParkedReason {
  readonly topic: string;
  /** The lanes whose messages of the topic wait. Each is free again by itself. */
  readonly lanes: Set<number>;
  /** When to try it again, and how long to wait after the try behind that. */
  dueAt: number;
  pauseMs: number;
  /** The last try was taken: what is left goes in large batches. */
  works: boolean;
}

/** What is parked of the lanes that this relay owns. */
export interface ParkedSet {
  /** Why this message must not be sent now, as a refusal; undefined when nothing is ahead of it. */
  blocks: (message: RelayMessage) => Refusal | undefined;
  /** These were parked, or are found parked: what comes behind them follows. */
  parkKey: (lane: number, at: { topic: string; key: string }, reason: ParkedReason) => void;
  parkTopic: (lanes: Iterable<number>, topic: string, reason: ParkedReason) => ParkedTopic;
  /** Nothing is parked of this key any more. */
  freeKey: (lane: number, at: { topic: string; key: string }) => void;
  freeTopic: (lane: number, topic: string) => void;
  topics: () => ParkedTopic[];
  topic: (name: string) => ParkedTopic | undefined;
  /** Another relay owns these now. */
  drop: (lanes: readonly number[]) => void;
}

/** The pause after the first try of a parked topic, in milliseconds. */
const firstPauseMs = 1000;

/** An empty set. Held in memory, since every message is held against it; a key costs some hundred bytes. */
export function parkedSet(): ParkedSet {
  const keys = new Map<number, Map<string, ParkedReason>>();
  const topics = new Map<string, ParkedTopic>();
  const freeTopic = (lane: number, topic: string) => {
    const parked = topics.get(topic);
    parked?.lanes.delete(lane);
    if (parked?.lanes.size === 0) topics.delete(topic);
  };
  return {
    blocks: (message) => {
      const key = keys.get(message.lane)?.get(orderOf(message));
      if (key) return { message, cause: 'FOLLOWS', ...key };
      const topic = topics.get(message.topic);
      if (!topic?.lanes.has(message.lane)) return undefined;
      return { message, cause: 'TOPIC', code: topic.code, error: topic.error };
    },
    parkKey: (lane, at, reason) => {
      const ofLane = keys.get(lane) ?? new Map<string, ParkedReason>();
      keys.set(lane, ofLane.set(orderOf(at), reason));
    },
    parkTopic: (lanes, topic, { code, error }) => {
      const fresh = { topic, lanes: new Set<number>(), dueAt: 0, pauseMs: firstPauseMs, works: false };
      const parked: ParkedTopic = Object.assign(topics.get(topic) ?? { ...fresh, code, error }, {
        code,
        error,
      });
      for (const lane of lanes) parked.lanes.add(lane);
      topics.set(topic, parked);
      return parked;
    },
    freeKey: (lane, at) => void keys.get(lane)?.delete(orderOf(at)),
    freeTopic,
    topics: () => [...topics.values()],
    topic: (name) => topics.get(name),
    drop: (lanes) => {
      for (const lane of lanes) {
        keys.delete(lane);
        for (const topic of [...topics.keys()]) freeTopic(lane, topic);
      }
    },
  };
}
