import type { Ground } from '../ground/ground.ts';
import { checkArrived } from '../load/check-arrived.ts';
import type { Arrived } from '../load/check-arrived.ts';
import type { Mover } from '../movers/mover.ts';
import { followTopic } from './follow-topic.ts';
import { costOf, cpuMsOf } from './process-cost.ts';

/** What it took to bring some messages to Kafka. */
export interface Drain extends Arrived {
  messagesPerSecond: number;
  /** Processor time a message, in microseconds: of its own processes, and of PostgreSQL's. */
  cpuUs: number;
  databaseCpuUs: number;
  /** Memory of its own processes in MB: the highest RSS of their lives added up, and PSS when the last message had come. */
  peakMb: number;
  memoryMb: number;
}

/** How long, in milliseconds, a system that may lose messages can bring nothing until what is not there counts as lost. */
const lostAfterMs = 20_000;

/** Lets a system bring `count` messages of 1,000 keys, which wait for it, to `topic`, which is empty, and checks what arrived. */
export async function measureDrain(
  { kafka, postgres }: Ground,
  { mover, topic, count, stop }: { mover: Mover; topic: string; count: number; stop: AbortSignal },
): Promise<Drain> {
  const messages = { topic, from: 0, count, keys: 1000 };
  const { pids, headers, mayLose } = mover;
  await mover.take(messages);
  const [own, database] = [await cpuMsOf(pids), await cpuMsOf([postgres.pid])];
  const following = followTopic(kafka, {
    topic,
    total: count,
    mayLose,
    idleMs: mayLose ? lostAfterMs : undefined,
    stop,
  });
  await mover.letGo();
  const { messagesPerSecond } = await following;
  const [cost, databaseMs] = [await costOf(pids), await cpuMsOf([postgres.pid])];
  await mover.rest();
  const arrived = await checkArrived(kafka, { ...messages, headers, mayLose, stop });
  return {
    ...arrived,
    messagesPerSecond,
    cpuUs: ((cost.cpuMs - own) * 1000) / count,
    databaseCpuUs: ((databaseMs - database) * 1000) / count,
    peakMb: cost.peakMb,
    memoryMb: cost.memoryMb,
  };
}
