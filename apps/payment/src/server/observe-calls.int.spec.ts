import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { openPaymentClient } from '@payments/contracts';
import type { PaymentHandlers } from '@payments/contracts';
import { failure, serveHandlers } from '../payment.fixture.ts';

let closing: AsyncDisposableStack;
let exporter: InMemorySpanExporter;

beforeEach(() => {
  closing = new AsyncDisposableStack();
  exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
});
afterEach(async () => {
  await closing.disposeAsync();
  trace.disable();
  propagation.disable();
});

/** Those of the server: its client is in this process, too. */
const spansOfServer = () => exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.SERVER);

/** A client of a service all of whose methods do this. */
const serve = async (method: PaymentHandlers['getPayment']) => {
  const server = closing.use(await serveHandlers({ getPayment: method } as PaymentHandlers));
  return closing.use(openPaymentClient({ address: server.address }));
};

describe('a call that is observed', () => {
  it('has its status and its span when its method throws', async () => {
    const client = await serve(() => {
      throw new Error('what a user wrote');
    });
    expect(await failure(client.getPayment({}))).toMatchObject({
      code: status.INTERNAL,
      details: { reason: 'INTERNAL' },
    });
    const [span] = spansOfServer();
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'rpc.status_code': 'INTERNAL', 'error.type': 'INTERNAL' },
    });
    expect(JSON.stringify([span?.events, span?.status, span?.attributes])).not.toContain('wrote');
  });

  it('is answered also where telemetry fails', async () => {
    const broken = () => {
      throw new Error('a propagator that is broken');
    };
    propagation.setGlobalPropagator({ inject: () => undefined, extract: broken, fields: () => [] });
    const client = await serve((_call, callback) =>
      callback(null, { $typeName: 'payment.v1.GetPaymentResponse' }),
    );
    expect(await client.getPayment({})).toMatchObject({ $typeName: 'payment.v1.GetPaymentResponse' });
    expect(spansOfServer()).toEqual([]);
  });
});
