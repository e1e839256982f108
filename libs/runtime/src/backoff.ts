/**
 * How long to pause, in milliseconds, before the next attempt after `attempt` failed ones (1 for the first failure).
 * The pause doubles from `minMs` up to `maxMs`, and a random part of up to half is taken off, so that processes which
 * failed together do not come back together ("equal jitter", AWS Architecture Blog, Exponential Backoff And Jitter).
 */
export function backoff(
  attempt: number,
  { minMs, maxMs, random = Math.random }: { minMs: number; maxMs: number; random?: () => number },
): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 52));
  return Math.round(full * (1 - random() / 2));
}
