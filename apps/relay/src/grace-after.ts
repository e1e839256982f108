/** A signal that is aborted `graceMs` after `stop` is: for work that may be finished, but not for ever. */
export function graceAfter(stop: AbortSignal, graceMs: number): AbortSignal {
  const grace = new AbortController();
  const begin = () => setTimeout(() => grace.abort(stop.reason), graceMs).unref();
  if (stop.aborted) begin();
  else stop.addEventListener('abort', begin, { once: true });
  return grace.signal;
}
