import { randomUUID } from 'node:crypto';
import { messages$ } from '@payments/kafka';
import type { RunningKafka } from '@payments/servers';
import { fromEvent, lastValueFrom, takeUntil, takeWhile, tap, timeout } from 'rxjs';
import { arrivalsOf } from './check-arrived.ts';
import type { Arrived } from './check-arrived.ts';
import { numberIn } from './messages.ts';
import type { Messages } from './messages.ts';

/** A consumer that is there before the messages. Disposing lets go of it, whatever has come. */
export interface Taking extends Disposable {
  /** When each message came first, by its number less `from`: `performance.now()`; 0 where it has not come yet. */
  arrivedAt: Float64Array;
  /**
   * Resolves once all have come, with the same check as `checkArrived`.
   * @throws Error when nothing comes for a minute, or something is missing or wrong
   */
  all: Promise<Arrived>;
}

/** How long it may be silent, in milliseconds. */
const idleMs = 60_000;

/** Consumes messages of a topic as they come; resolves once it has its partitions. */
export async function takeAsTheyCome(
  { brokers }: Pick<RunningKafka, 'brokers'>,
  { stop, ...expected }: Messages & { stop: AbortSignal },
): Promise<Taking> {
  const { topic, from, count } = expected;
  const arrivedAt = new Float64Array(count);
  const check = arrivalsOf(expected);
  const joined = Promise.withResolvers<void>();
  const kafka = { brokers, clientId: 'bench' };
  const group = { groupId: `bench-${randomUUID()}`, topics: [topic], maxUncommitted: 10_000 };
  const over = new AbortController();
  const ended = AbortSignal.any([stop, over.signal]);
  let left = count;
  const consumed$ = messages$({ kafka, ...group, onJoined: () => joined.resolve() }).pipe(
    tap((message) => {
      message.ack();
      check.take(message);
      const index = numberIn(message.value) - from;
      if (arrivedAt[index] !== 0) return;
      arrivedAt[index] = performance.now();
      left--;
    }),
    takeWhile(() => left > 0),
    timeout({ each: idleMs, meta: `${topic} was silent` }),
    takeUntil(fromEvent(ended, 'abort')),
  );
  const all = lastValueFrom(consumed$, { defaultValue: undefined }).then(() => {
    stop.throwIfAborted();
    return check.outcome();
  });
  // Whoever waits for them hears of an error; until then nobody listens.
  all.catch(() => undefined);
  await Promise.race([joined.promise, all]);
  return { arrivedAt, all, [Symbol.dispose]: () => over.abort() };
}
