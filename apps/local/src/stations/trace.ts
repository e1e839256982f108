import { untilSeen } from './station.ts';

/** The part of Jaeger's answer to `/api/traces/{id}` that is read here. */
type TraceReply = { data?: { spans: unknown[]; processes: Record<string, { serviceName: string }> }[] };

/**
 * Waits until Jaeger has spans of each of the services under one trace id, and tells how many it has.
 * @throws StackError that says whose spans are missing
 */
export async function seeTrace(options: {
  query: string;
  traceId: string;
  services: readonly string[];
  stop: AbortSignal;
}): Promise<number> {
  const { query, traceId, services, stop } = options;
  let seen: string[] = [];
  const whole = () => services.every((service) => seen.includes(service));
  return untilSeen(`a trace with spans of ${services.join(' and ')}`, stop, async () => {
    const response = await fetch(`${query}/api/traces/${traceId}`, { signal: stop });
    if (!response.ok) return undefined;
    const [trace] = ((await response.json()) as TraceReply).data ?? [];
    if (!trace) return undefined;
    seen = [...new Set(Object.values(trace.processes).map(({ serviceName }) => serviceName))];
    if (!whole()) throw new Error(`spans of ${seen.join(', ')} only`);
    return trace.spans.length;
  });
}

/**
 * Where a person sees a trace, with `{traceId}` in it: Jaeger's page, or its API where it has no pages. One that is built
 * from the Go module alone has a placeholder for them, without a script.
 */
export async function traceLinks(query: string): Promise<string> {
  const response = await fetch(`${query}/search`).catch(() => undefined);
  const hasPages = Boolean(response?.ok && (await response.text()).includes('<script'));
  return `${query}/${hasPages ? 'trace' : 'api/traces'}/{traceId}`;
}
