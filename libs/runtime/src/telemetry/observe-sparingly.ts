import { metrics } from '@opentelemetry/api';
import type { BatchObservableResult, Observable } from '@opentelemetry/api';

/** Figures that somebody has to be asked for. Times in milliseconds. */
export type SparingObservation<T> = {
  /** The name of the meter that made the gauges. */
  meter: string;
  gauges: readonly Observable[];
  /** Asks, one question at a time. It bounds itself in time as well: until it settles it is not asked again. */
  ask: () => Promise<T>;
  observe: (answer: T, result: BatchObservableResult) => void;
  /** The least time from one question to the next, after a failed one as well. */
  everyMs: number;
  /** How long those who read the metrics wait for an answer. */
  withinMs: number;
  /** Hears of a failure, and no more before an answer came again. */
  onFailure?: (error: unknown) => void;
  now?: () => number;
};

/**
 * Observes gauges whose figures cost somebody else something: asked when the metrics are read and by no timer, so that nobody is
 * asked for a process that nobody watches; at most every `everyMs`, however many read, who share the answer; and never
 * waited for beyond `withinMs`. Where there is no answer the series are left out, since an old figure would look like a new one.
 */
export function observeSparingly<T>(options: SparingObservation<T>): Disposable {
  const { meter, observe } = options;
  const gauges = [...options.gauges];
  const answer = askSparingly(options);
  const callback = async (result: BatchObservableResult) => {
    const answered = await answer();
    if (answered) observe(answered.value, result);
  };
  metrics.getMeter(meter).addBatchObservableCallback(callback, gauges);
  return { [Symbol.dispose]: () => metrics.getMeter(meter).removeBatchObservableCallback(callback, gauges) };
}

type Answer<T> = Promise<{ value: T } | undefined>;

function askSparingly<T>({
  ask,
  everyMs,
  withinMs,
  onFailure,
  now = () => performance.now(),
}: SparingObservation<T>): () => Answer<T> {
  let askedAt = -Infinity;
  let asking = false;
  let failing = false;
  let answer: Answer<T> = Promise.resolve(undefined);
  const question = async () => {
    try {
      const value = await ask();
      failing = false;
      return { value };
    } catch (error) {
      if (!failing) onFailure?.(error);
      failing = true;
      return undefined;
    } finally {
      asking = false;
    }
  };
  return () => {
    if (asking || now() - askedAt < everyMs) return answer;
    asking = true;
    askedAt = now();
    answer = within(question(), withinMs);
    return answer;
  };
}

async function within<T>(answer: Answer<T>, ms: number): Answer<T> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
