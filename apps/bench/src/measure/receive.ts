import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { RunningKafka } from '@payments/servers';
import { numberIn } from '../load/messages.ts';

/** Notes when messages come. */
export interface Receiver extends AsyncDisposable {
  /** When the first delivery of each number came, `performance.now()` in milliseconds; NaN for those that did not come. */
  at: Float64Array;
  /** Waits until all have come, or none has for `idleMs`. */
  all: (options: { idleMs: number; stop: AbortSignal }) => Promise<void>;
}

/** How often it is asked whether all have come, in milliseconds. */
const everyMs = 20;

/** Reads a topic from now on, with a consumer that is answered as soon as there is one message. */
export async function receive(
  { brokers }: Pick<RunningKafka, 'brokers'>,
  { topic, count }: { topic: string; count: number },
): Promise<Receiver> {
  const at = new Float64Array(count).fill(NaN);
  let [come, last] = [0, performance.now()];
  const kafka = new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, minBytes: 1, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      last = performance.now();
      for (const { value } of batch.messages) {
        const number = numberIn(value ?? Buffer.alloc(0));
        if (!Number.isNaN(at[number])) continue;
        at[number] = last;
        come++;
      }
      return Promise.resolve();
    },
  });
  await joined;
  return {
    at,
    all: async ({ idleMs, stop }) => {
      const begun = performance.now();
      while (come < count && performance.now() - Math.max(begun, last) < idleMs)
        await pause(everyMs, undefined, { signal: stop });
    },
    [Symbol.asyncDispose]: () => consumer.disconnect(),
  };
}
