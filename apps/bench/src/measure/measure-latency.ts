import type { Ground } from '../ground/ground.ts';
import { checkArrived } from '../load/check-arrived.ts';
import type { Arrived } from '../load/check-arrived.ts';
import type { Messages } from '../load/messages.ts';
import { percentile } from '../report/figures.ts';
import { openLoop } from './open-loop.ts';
import type { Write } from './open-loop.ts';
import { cpuMsOf } from './process-cost.ts';
import { receive } from './receive.ts';

/** Whatever brings single messages to Kafka while they are written. */
export interface LatencySystem extends AsyncDisposable {
  name: string;
  /** Its own processes; none where it has none. */
  pids: readonly number[];
  headers?: readonly string[];
  mayLose?: boolean;
  /** Lets it work, and opens some writers of messages. */
  begin: (messages: Messages) => Promise<AsyncDisposable & { writers: readonly Write[] }>;
}

/** From the reply to COMMIT until a consumer has the message. Times in milliseconds, processor time in % of a core over the schedule. */
export interface Latency extends Arrived {
  p50: number;
  p95: number;
  p99: number;
  cpu: number;
  databaseCpu: number;
  /** How late 1 % of the messages and more were begun. */
  lagMs: number;
}

/** How long nothing may come until what is not there counts as lost, in milliseconds. */
const lostAfterMs = 10_000;

/** Measures the way of single messages to `topic`, which is empty, `perSecond` of them for `seconds`, after `warmUpSeconds` of the same. */
export async function measureLatency(
  { kafka, postgres }: Ground,
  options: {
    system: LatencySystem;
    topic: string;
    perSecond: number;
    seconds: number;
    warmUpSeconds: number;
    stop: AbortSignal;
  },
): Promise<Latency> {
  const { system, topic, perSecond, seconds, warmUpSeconds, stop } = options;
  const [first, count] = [warmUpSeconds * perSecond, (warmUpSeconds + seconds) * perSecond];
  const messages = { topic, from: 0, count, keys: 1000 };
  const costs = async () => [await cpuMsOf(system.pids), await cpuMsOf([postgres.pid])] as const;
  await using receiver = await receive(kafka, messages);
  await using running = await system.begin(messages);
  const { writers } = running;
  await openLoop({ writers, from: 0, count: first, perSecond, stop });
  const before = await costs();
  const written = await openLoop({ writers, from: first, count: count - first, perSecond, stop });
  // A system that lags behind pays for what it still owes as well.
  await receiver.all({ idleMs: lostAfterMs, stop });
  const after = await costs();
  const { headers, mayLose } = system;
  const arrived = await checkArrived(kafka, { ...messages, headers, mayLose, stop });
  const latencies = written.at
    .map((at, index) => (receiver.at[first + index] ?? NaN) - at)
    .filter((latency) => !Number.isNaN(latency));
  const share = (index: 0 | 1) => (after[index] - before[index]) / (seconds * 10);
  const at = (percent: number) => percentile(latencies, percent);
  return {
    ...arrived,
    ...{ p50: at(50), p95: at(95), p99: at(99) },
    ...{ cpu: share(0), databaseCpu: share(1), lagMs: written.lagMs },
  };
}
