/**
 * A command for trace-client.int.spec.ts: makes one span, calls with its context, ends the traces and prints how long that took,
 * in milliseconds; its own end is what it is run for.
 */
import { context, propagation, trace } from '@opentelemetry/api';

import { endTraces, traceClient } from './trace-client.ts';

traceClient({ service: 'pay', otlpEndpoint: process.argv[2] });
const traceparent = await trace.getTracer('child').startActiveSpan('call', async (span) => {
  const headers: { traceparent?: string } = {};
  await Promise.resolve();
  propagation.inject(context.active(), headers);
  span.end();
  return headers.traceparent;
});
const before = performance.now();
await endTraces();
const ending = performance.now() - before;
process.on('exit', () =>
  console.log(JSON.stringify({ traceparent, ending, exiting: performance.now() - before })),
);
