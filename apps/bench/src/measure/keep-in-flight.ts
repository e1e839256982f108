import { percentile } from '../report/figures.ts';
import { cpuMsOf, ownCpuMs } from './process-cost.ts';

/** What was done in a stretch of time, one piece of work after another in each of some places. */
export interface Pace {
  count: number;
  perSecond: number;
  /** How long one took, in milliseconds. */
  p50: number;
  p99: number;
  /** Processor time of one, in microseconds, by who spent it. */
  cpuUs: Record<string, number>;
}

/**
 * Keeps `places` pieces of work under way for `forMs` milliseconds, and lets the last ones end.
 * @param options.pids whose processor time is counted, by name: with their children's, but for this process, whose children are
 * the servers
 */
export async function keepInFlight(options: {
  places: number;
  forMs: number;
  stop: AbortSignal;
  pids: Readonly<Record<string, number>>;
  work: (place: number) => Promise<void>;
}): Promise<Pace> {
  const { places, forMs, stop, pids, work } = options;
  const tookMs: number[] = [];
  const before = await cpuOfEach(pids);
  const begun = performance.now();
  const fill = async (place: number) => {
    for (let now = begun; now - begun < forMs;) {
      stop.throwIfAborted();
      await work(place);
      const ended = performance.now();
      tookMs.push(ended - now);
      now = ended;
    }
  };
  await Promise.all(Array.from({ length: places }, (_, place) => fill(place)));
  const seconds = (performance.now() - begun) / 1000;
  const after = await cpuOfEach(pids);
  const count = tookMs.length;
  const cpuUs = after.map(([who, ms], index) => [who, ((ms - (before[index]?.[1] ?? 0)) * 1000) / count]);
  return {
    ...{ count, perSecond: count / seconds, p50: percentile(tookMs, 50), p99: percentile(tookMs, 99) },
    cpuUs: Object.fromEntries(cpuUs) as Pace['cpuUs'],
  };
}

const cpuOfEach = (pids: Readonly<Record<string, number>>) =>
  Promise.all(
    Object.entries(pids).map(
      async ([who, pid]) => [who, pid === process.pid ? ownCpuMs() : await cpuMsOf([pid])] as const,
    ),
  );
