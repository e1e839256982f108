import { readTrace } from '@payments/servers';

import { untilSeen } from './station.ts';

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
  return untilSeen(`a trace with spans of ${services.join(', ')}`, stop, async () => {
    const spans = await readTrace(query, traceId, stop);
    const seen = new Set(spans.map(({ service }) => service));
    const missing = services.filter((service) => !seen.has(service));
    if (missing.length === 0) return spans.length;
    throw new Error(`there are none of ${missing.join(', ')}`);
  });
}
