import { setTimeout as pause } from 'node:timers/promises';
import type { RunningKafka } from '@payments/servers';

/** How often the broker is asked, and how often it is told how far it is, in milliseconds. */
const everyMs = 10;
const tellEveryMs = 20_000;

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
  /** The same rate, from the look that found `from` of them to the one that found `until`. */
  rateBetween: (from: number, until: number) => number;
}

/** How many there were at a time. */
interface Look {
  at: number;
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
    /** Is told how far it came, where that takes long. */
    log?: ((line: string) => void) | undefined;
    stop: AbortSignal;
  },
): Promise<Progress> {
  const { topic, total, idleMs = 60_000, mayLose = false, log, stop } = options;
  const begun = performance.now();
  const looks: Look[] = [];
  let last = { at: begun, count: 0 };
  let toldAt = begun;
  while (last.count < total) {
    stop.throwIfAborted();
    const count = await kafka.recordsAppended(topic);
    const at = performance.now();
    if (count > last.count) looks.push((last = { at, count }));
    else if (at - last.at > idleMs && mayLose) break;
    else if (at - last.at > idleMs)
      throw new Error(`${topic}: ${count} of ${total} arrived, and no more for ${idleMs / 1000} s`);
    if (at - toldAt > tellEveryMs) {
      log?.(`${count.toLocaleString('en')} of ${total.toLocaleString('en')} have arrived`);
      toldAt = at;
    }
    if (count < total) await pause(everyMs);
  }
  const looked = (least: number) => looks.find(({ count }) => count >= least);
  const [first = last] = looks;
  return {
    messagesPerSecond: rate(first === last ? { at: begun, count: 0 } : first, last),
    seconds: (last.at - begun) / 1000,
    count: last.count,
    rateBetween: (from, until) => rate(looked(from), looked(until)),
  };
}

/** Messages a second; NaN where there is no time between two looks. */
function rate(first: Look | undefined, last: Look | undefined): number {
  if (!first || !last || first === last) return NaN;
  return (last.count - first.count) / ((last.at - first.at) / 1000);
}
