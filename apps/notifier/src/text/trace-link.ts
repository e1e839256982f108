import { cost, escapeMrkdwn } from './quoted.ts';

/** https://www.w3.org/TR/trace-context/#traceparent-header: version, trace id (not all zero), parent id, flags. */
const traceparentForm = /^[\da-f]{2}-((?!0{32})[\da-f]{32})-[\da-f]{16}-([\da-f]{2})(?:-.*)?$/;
const sampled = 0x01;

/**
 * The link to the trace of a message, or undefined: no `traceUrl` configured, no usable `traceparent`, a trace that was
 * not sampled, of which there is nothing to see, or a link that would cost more than `room`. `traceUrl` has `{traceId}`
 * where the id goes.
 */
export function traceLink(options: {
  traceUrl: string | undefined;
  traceparent: string | undefined;
  label: string;
  room: number;
}): string | undefined {
  const [, traceId, flags = '0'] = traceparentForm.exec(options.traceparent ?? '') ?? [];
  if (!options.traceUrl || !traceId || (Number.parseInt(flags, 16) & sampled) === 0) return undefined;
  const link = `<${escapeMrkdwn(options.traceUrl.replaceAll('{traceId}', traceId))}|${options.label}>`;
  return cost(link) <= options.room ? link : undefined;
}
