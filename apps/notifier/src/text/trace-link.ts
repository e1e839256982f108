/** https://www.w3.org/TR/trace-context/#traceparent-header: version, trace id, parent id, flags. */
const traceparentForm = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-([\da-f]{2})(?:-.*)?$/;
const sampled = 0x01;

/**
 * Where the trace of a message can be seen, or undefined: no `traceUrl` configured, no usable `traceparent`, or a trace
 * that was not sampled, of which there is nothing to see. `traceUrl` has `{traceId}` where the id goes.
 */
export function traceLink(options: {
  traceUrl: string | undefined;
  traceparent: string | undefined;
}): string | undefined {
  const [, traceId, flags = '0'] = traceparentForm.exec(options.traceparent ?? '') ?? [];
  if (!options.traceUrl || !traceId || (Number.parseInt(flags, 16) & sampled) === 0) return undefined;
  return options.traceUrl.replaceAll('{traceId}', traceId);
}
