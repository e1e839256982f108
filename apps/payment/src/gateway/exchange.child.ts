/**
 * Sends requests to payment gateways under the preload, for exchange-preload.int.spec.ts: each line of standard input is one,
 * what became of it is a line of standard output. Each is made within a span that is recorded, so that the instrumentation
 * of `node:http` does all that it does.
 */
import { createInterface } from 'node:readline';
import { trace } from '@opentelemetry/api';
import { exchange, openConnections } from './exchange.ts';
import type { Connections } from './exchange.ts';

const connections = new Map<string, Connections>();

const send = async (line: string): Promise<void> => {
  const { url: text, withinMs } = JSON.parse(line) as { url: string; withinMs: number };
  const url = new URL(text);
  const pool = connections.get(url.origin) ?? openConnections(url);
  connections.set(url.origin, pool);
  const asked = { url, method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' } as const;
  const signal = withinMs > 0 ? AbortSignal.timeout(withinMs) : AbortSignal.abort();
  const exchanged = await trace.getTracer('payment').startActiveSpan('call', async (span) => {
    const made = await exchange(pool, asked, signal);
    span.end();
    return made;
  });
  console.log(JSON.stringify(exchanged));
};

for await (const line of createInterface({ input: process.stdin })) await send(line);
for (const { agent } of connections.values()) agent.destroy();
