import { create } from '@bufbuild/protobuf';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  AlwaysOnSampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GetPaymentResponseSchema } from './generated/payment/v1/payment_service_pb.js';
import { openPaymentClient } from './payment-client.ts';
import type { PaymentClient } from './payment-client.ts';
import { paymentServiceDefinition } from './payment-service-definition.ts';
import type { PaymentHandlers } from './payment-service-definition.ts';

/** Answers as the payment id says: a code, `never`, or else with a payment. Keeps the headers of each call. */
const openServer = async () => {
  const server = new Server();
  const calls: Metadata[] = [];
  const called = Promise.withResolvers<void>();
  const handlers: Pick<PaymentHandlers, 'getPayment'> = {
    getPayment: ({ metadata, request: { paymentId } }, answer) => {
      calls.push(metadata);
      called.resolve();
      if (paymentId === 'never') return;
      const code = status[paymentId as keyof typeof status];
      if (code === undefined) answer(null, create(GetPaymentResponseSchema));
      else answer({ code, details: 'user u-1042 pays 15000 KRW' });
    },
  };
  server.addService({ getPayment: paymentServiceDefinition.getPayment }, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const sent = (name: string) => calls.map((metadata) => metadata.get(name)[0]);
  return {
    port,
    address: `127.0.0.1:${port}`,
    called: called.promise,
    sent,
    close: () => server.forceShutdown(),
  };
};

let server: Awaited<ReturnType<typeof openServer>>;
let client: PaymentClient;
let spans: InMemorySpanExporter;

/** As a command or a service sets it up. */
const makeTraces = (root: Sampler = new AlwaysOnSampler()) => {
  spans = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root }),
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
};

beforeEach(async () => {
  server = await openServer();
  client = openPaymentClient({ address: server.address });
});
afterEach(() => {
  client.close();
  server.close();
  for (const api of [trace, context, propagation]) api.disable();
});

const codeOf = (call: Promise<unknown>): Promise<status> =>
  call.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );

const method = 'payment.v1.PaymentService/GetPayment';

describe('a client of the payment service in a process that makes traces', () => {
  beforeEach(() => makeTraces());

  it('makes a span of a call by the conventions of rpc', async () => {
    await client.getPayment({ paymentId: 'u-1' });
    expect(spans.getFinishedSpans()).toHaveLength(1);
    expect(spans.getFinishedSpans()[0]).toMatchObject({
      name: method,
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
    });
    expect(spans.getFinishedSpans()[0]?.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': method,
      'rpc.status_code': 'OK',
      'server.address': '127.0.0.1',
      'server.port': server.port,
    });
  });

  it('has the service continue the trace below that span, which is below the active one', async () => {
    const root = trace.getTracer('spec').startSpan('root');
    await context.with(trace.setSpan(context.active(), root), () => client.getPayment({}));
    const [span] = spans.getFinishedSpans();
    expect(span?.parentSpanContext?.spanId).toBe(root.spanContext().spanId);
    const { traceId, spanId } = span?.spanContext() ?? {};
    expect(traceId).toBe(root.spanContext().traceId);
    expect(server.sent('traceparent')).toEqual([`00-${traceId}-${spanId}-01`]);
  });

  it('makes a span of each try, each of which the service continues', async () => {
    const metadata = new Metadata();
    for (const paymentId of ['UNAVAILABLE', '']) await codeOf(client.getPayment({ paymentId }, { metadata }));
    const ids = spans.getFinishedSpans().map((span) => span.spanContext().spanId);
    expect(new Set(ids).size).toBe(2);
    expect(server.sent('traceparent').map((text) => String(text).split('-')[2])).toEqual(ids);
    expect(metadata.getMap()).toEqual({});
  });

  it.each(['NOT_FOUND', 'INVALID_ARGUMENT', 'UNAVAILABLE', 'INTERNAL'])(
    'ends as an error with %s, and without the message, which may repeat what was asked for',
    async (code) => {
      expect(await codeOf(client.getPayment({ paymentId: code }))).toBe(status[code as keyof typeof status]);
      const [span] = spans.getFinishedSpans();
      expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
      expect(span?.attributes).toMatchObject({ 'rpc.status_code': code, 'error.type': code });
      expect(JSON.stringify([span?.attributes, span?.events, span?.status])).not.toContain('u-1042');
    },
  );

  it('ends with CANCELLED when the caller ends the call', async () => {
    const caller = new AbortController();
    const ended = codeOf(client.getPayment({ paymentId: 'never' }, { signal: caller.signal }));
    await server.called;
    caller.abort();
    expect(await ended).toBe(status.CANCELLED);
    expect(endings()).toEqual(['CANCELLED']);
  });

  it('ends with CANCELLED when the caller had changed its mind before', async () => {
    expect(await codeOf(client.getPayment({}, { signal: AbortSignal.abort() }))).toBe(status.CANCELLED);
    expect(endings()).toEqual(['CANCELLED']);
  });

  it('ends with DEADLINE_EXCEEDED when the time is over', async () => {
    await codeOf(client.getPayment({ paymentId: 'never' }, { timeoutMs: 200 }));
    expect(endings()).toEqual(['DEADLINE_EXCEEDED']);
  });

  it('ends with UNAVAILABLE where nobody is, and tells where that was', async () => {
    using lost = openPaymentClient({ address: '[::1]:1' });
    await codeOf(lost.getPayment({}, { timeoutMs: 5_000 }));
    expect(endings()).toEqual(['UNAVAILABLE']);
    const where = { 'server.address': '::1', 'server.port': 1 };
    expect(spans.getFinishedSpans()[0]?.attributes).toMatchObject(where);
  });

  /** The status of each span that has ended. */
  const endings = () => spans.getFinishedSpans().map(({ attributes }) => attributes['error.type']);
});

describe('a client of the payment service', () => {
  const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const metadata = new Metadata();
  metadata.set('traceparent', given);

  it('sends what the caller put in where no traces are made', async () => {
    await client.getPayment({}, { metadata });
    await client.getPayment({});
    expect(server.sent('traceparent')).toEqual([given, undefined]);
  });

  it('tells the service not to keep a trace that is not kept here', async () => {
    makeTraces(new AlwaysOffSampler());
    await client.getPayment({}, { metadata });
    expect(server.sent('traceparent')).toEqual([expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)]);
    expect(spans.getFinishedSpans()).toEqual([]);
  });
});
