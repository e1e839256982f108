import { setTimeout as pause } from 'node:timers/promises';
import type { RunningKafka } from '@payments/servers';

/** How often the broker is asked, in milliseconds. */
const everyMs = 10;

/** How messages came into a topic. */
export interface Progress {
  /**
   * From the first look that found some to the last message, without those that the first look found; from the call on where that
   * look found all.
   */
  messagesPerSecond: number;
  /** From the call on, in seconds. */
  seconds: number;
  /** How many came: less than asked for only of a system that `mayLose` some. */
  count: number;
}

/**
 * Watches a topic until `total` records lie in it: the same measure for every system, taken at the broker.
 * @throws Error when nothing more has come for `idleMs` (default 60,000), with how far it came
 */
export async function followTopic(
  kafka: Pick<RunningKafka, 'recordsAppended'>,
  options: {
    topic: string;
    total: number;
    idleMs?: number | undefined;
    /** Then what came is returned when nothing more has come for `idleMs`. */
    mayLose?: boolean | undefined;
    stop: AbortSignal;
  },
): Promise<Progress> {
  const { topic, total, idleMs = 60_000, mayLose = false, stop } = options;
  const begun = performance.now();
  let first: { at: number; count: number } | undefined;
  let last = { at: begun, count: 0 };
  while (last.count < total) {
    stop.throwIfAborted();
    const count = await kafka.recordsAppended(topic);
    const at = performance.now();
    if (count > last.count) last = { at, count };
    else if (at - last.at > idleMs && mayLose) break;
    else if (at - last.at > idleMs)
      throw new Error(`${topic}: ${count} of ${total} arrived, and no more for ${idleMs / 1000} s`);
    if (count > 0) first ??= { at, count };
    if (count < total) await pause(everyMs);
  }
  const { at, count } = first && first.at < last.at ? first : { at: begun, count: 0 };
  return {
    messagesPerSecond: (last.count - count) / ((last.at - at) / 1000),
    seconds: (last.at - begun) / 1000,
    count: last.count,
  };
}
