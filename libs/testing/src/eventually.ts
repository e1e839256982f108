import { setTimeout as pause } from 'node:timers/promises';

/** How long to go on. */
export interface EventuallyOptions {
  /** Default 40,000: what holds in the end does so on a slow machine too, and only a failing spec waits it out. */
  timeoutMs?: number;
  /** Pause between two attempts. Default 25. */
  everyMs?: number;
  /** What is waited for, for the message. */
  for?: string;
}

/**
 * Repeats an assertion about an outside system until it holds, and returns what it returned. For systems that have no
 * signal to wait for; inside our own code wait for the signal.
 *
 * @throws Error with the assertion's last error in its message and as its cause. An attempt that hangs is given up with it.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<T> {
  const { timeoutMs = 40_000, everyMs = 25 } = options;
  const end = Date.now() + timeoutMs;
  let last: unknown = new Error('the first attempt has not come to an end');
  let attempts = 0;
  for (;;) {
    attempts++;
    try {
      return await withinTime(assertion, end - Date.now());
    } catch (error) {
      if (error !== outOfTime) last = error;
    }
    if (Date.now() + everyMs >= end) break;
    await pause(everyMs);
  }
  const subject = options.for ? `${options.for}: ` : '';
  const message = last instanceof Error ? last.message : String(last);
  throw new Error(`${subject}not within ${timeoutMs} ms (${attempts} attempts). The last one: ${message}`, {
    cause: last,
  });
}

const outOfTime = Symbol('out of time');

async function withinTime<T>(assertion: () => T | Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, Math.max(ms, 1), outOfTime);
  });
  try {
    return await Promise.race([assertion(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
