/** A signal that is aborted `graceMs` milliseconds after `stop`. */
export function graceAfter(stop: AbortSignal, graceMs: number): AbortSignal {
  const grace = new AbortController();
  const begin = () => void setTimeout(() => grace.abort(stop.reason), graceMs).unref();
  if (stop.aborted) begin();
  else stop.addEventListener('abort', begin, { once: true });
  return grace.signal;
}
