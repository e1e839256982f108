/** Slack's "1 per second, short bursts allowed" (https://docs.slack.dev/apis/web-api/rate-limits). */
export type SlackRateLimit = { perSecond: number; burst: number };

/**
 * A token bucket: returns the seconds to wait (whole, at least 1, as `Retry-After` has them), or 0 when the request
 * may pass. `now` is in milliseconds.
 */
export function rateLimiter({ perSecond, burst }: SlackRateLimit, now: () => number): () => number {
  let tokens = burst;
  let filledAt = now();
  return () => {
    const at = now();
    tokens = Math.min(burst, tokens + ((at - filledAt) / 1000) * perSecond);
    filledAt = at;
    if (tokens < 1) return Math.max(1, Math.ceil((1 - tokens) / perSecond));
    tokens -= 1;
    return 0;
  };
}

/** The time that a `Retry-After` asked for. */
export type AskedPause = {
  /** Begins now; a longer one that was asked for before stays. */
  ask: (seconds: number) => void;
  /** Milliseconds that are left of it; 0: it is over, or none was asked for. */
  leftMs: () => number;
  forget: () => void;
};

/** No pause, until one is asked for. `now` is in milliseconds. */
export function askedPause(now: () => number): AskedPause {
  let until = -Infinity;
  return {
    ask: (seconds) => void (until = Math.max(until, now() + seconds * 1000)),
    leftMs: () => Math.max(0, until - now()),
    forget: () => void (until = -Infinity),
  };
}

/**
 * The requests, by their time, that came sooner than a pace of `perSecond` with bursts of `burst` allows; none: it was
 * kept all the time. What came too soon does not count against those after it. `toleranceMs` (default 0) allows for
 * the different ways of requests that left on time: each may come so much sooner, but all of them together no faster.
 */
export function fasterThan<T extends { at: string }>(
  requests: readonly T[],
  { perSecond, burst, toleranceMs = 0 }: SlackRateLimit & { toleranceMs?: number },
): T[] {
  const intervalMs = 1000 / perSecond;
  // The generic cell rate algorithm: when the next one is due if all come at the pace.
  let due = -Infinity;
  return requests
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
    .filter(({ at }) => {
      const ms = Date.parse(at);
      // Less than a millisecond is lost in the times themselves.
      if (ms <= due - (burst - 1) * intervalMs - toleranceMs - 1) return true;
      due = Math.max(due, ms) + intervalMs;
      return false;
    });
}
