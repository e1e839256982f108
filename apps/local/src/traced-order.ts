import { context, trace, TraceFlags } from '@opentelemetry/api';
import type { Payment } from '@payments/contracts';

import { placeOrder } from './sample-order.ts';
import type { SampleOrder } from './sample-order.ts';

/** The service of the trace's first spans. */
export const orderService = 'npm start';

/**
 * Pays the order as the root of a trace, as `npm run pay` does.
 * @param options.otlpEndpoint where the spans go; undefined: no trace is made
 * @returns the payment, and the trace's id; undefined where none is kept
 * @throws StackError or a gRPC error when it is not paid
 */
export async function placeTracedOrder(
  order: SampleOrder,
  options: { address: string; otlpEndpoint: string | undefined; signal: AbortSignal },
): Promise<{ payment: Payment; traceId: string | undefined }> {
  const { otlpEndpoint, ...target } = options;
  if (!otlpEndpoint) return { payment: await placeOrder(order, target), traceId: undefined };
  const { traceClient, endTraces } = await import('@payments/runtime/trace-client');
  traceClient({ service: orderService, otlpEndpoint });
  const span = trace.getTracer('@payments/local').startSpan('sample order');
  const payment = await context.with(trace.setSpan(context.active(), span), () => placeOrder(order, target));
  span.end();
  await endTraces();
  const { traceId, traceFlags } = span.spanContext();
  return { payment, traceId: (traceFlags & TraceFlags.SAMPLED) === 0 ? undefined : traceId };
}
