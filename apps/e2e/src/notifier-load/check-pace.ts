/** A request, by when it came, in milliseconds, and how it was answered. */
export type Came = { atMs: number; answer: unknown };

/** `burst` requests at once after a rest, else one each `intervalMs`. */
export type Limit = { intervalMs: number; burst: number };

/** Times are cut to whole milliseconds. */
const cutMs = 1;

/** Every stretch of requests, whatever became of them, that came faster than the limit. `requests` in the order of their times. */
export function tooFast(requests: readonly Came[], { intervalMs, burst }: Limit): string[] {
  return requests.flatMap((from, first) =>
    requests.slice(first + burst).flatMap((to, at) => {
      const leastMs = (at + 1) * intervalMs;
      const tookMs = to.atMs - from.atMs;
      if (tookMs + cutMs >= leastMs) return [];
      return [`${at + 1 + burst} requests in ${tookMs} ms, from request ${first}: ${leastMs} ms at least`];
    }),
  );
}

/** The requests that came before the time was over for which an answer 429 had asked, with the number of that answer. */
export function tooEarly(requests: readonly Came[], retryAfterMs: readonly number[]): number[] {
  const refused = requests.filter(({ answer }) => answer === 429);
  return refused.flatMap(({ atMs }, at) => {
    const until = atMs + (retryAfterMs[at] ?? 0);
    return requests.filter((later) => later.atMs > atMs && later.atMs < until).map(() => at);
  });
}
