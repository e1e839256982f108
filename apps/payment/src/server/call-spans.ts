import { status } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import { diag, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span, TextMapGetter } from '@opentelemetry/api';
import { createTracedHistogram } from '@payments/runtime';
import type { TracedHistogram } from '@payments/runtime';

type Call = Parameters<ServerInterceptor>[1];

/** A call that is observed. Only the first end counts. None of it throws. */
export type ObservedCall = {
  /** Holds the call's span, also one that nobody records: what is measured below it asks for a span. */
  context: Context;
  /** It was answered with this status. */
  ended(code: status): void;
  /** Its caller has gone, or has given it up. */
  cancelled(): void;
};

/** Makes the spans and the durations of calls. */
export type CallSpans = {
  /** @returns undefined where telemetry itself failed: the call goes on without it */
  begin(call: { name: string; metadata: Metadata; call: Call }): ObservedCall | undefined;
};

/** Upper bounds of the buckets, in seconds, as the conventions of RPC metrics advise. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Of a server only these are errors: the others are of the caller's making (https://opentelemetry.io/docs/specs/semconv/rpc/grpc/). */
const faults: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Reads headers, of which there may be several of one name. */
const headers: TextMapGetter<Metadata> = {
  keys: (metadata) => Object.keys(metadata.getMap()),
  get: (metadata, name) => metadata.get(name).map(String),
};

/**
 * Begins to observe calls by the conventions of RPC (https://opentelemetry.io/docs/specs/semconv/rpc/, stable as of 1.45):
 * spans of kind SERVER, and `rpc.server.call.duration`. To be called after the meter is there.
 */
export const openCallSpans = (): CallSpans => {
  const durations = createTracedHistogram({
    meter: '@payments/payment',
    name: 'rpc.server.call.duration',
    description: 'Duration of calls, from their headers to their status',
    unit: 's',
    boundaries,
  });
  return { begin: (call) => unlessItFails(() => begin(call, durations)) };
};

const begin = (
  { name, metadata, call }: Parameters<CallSpans['begin']>[0],
  durations: TracedHistogram,
): ObservedCall => {
  const parent = callerContext(metadata);
  const labels = { 'rpc.system.name': 'grpc', 'rpc.method': name };
  const { localAddress, localPort } = call.getConnectionInfo();
  const span = trace.getTracer('@payments/payment').startSpan(
    // A method that is not known has no name: the conventions fall back to the system's.
    name === '_OTHER' ? 'grpc' : name,
    {
      kind: SpanKind.SERVER,
      attributes: {
        ...labels,
        ...(localAddress !== undefined && { 'server.address': localAddress }),
        ...(localPort !== undefined && { 'server.port': localPort }),
      },
    },
    parent,
  );
  const begun = performance.now();
  let isOver = false;
  const end = (code: status) => {
    if (isOver) return;
    isOver = true;
    unlessItFails(() => {
      const outcome = outcomeOf(code);
      const seconds = (performance.now() - begun) / 1_000;
      endSpan(span, outcome);
      durations.record(seconds, { ...labels, ...outcome }, span.spanContext());
    });
  };
  return {
    context: trace.setSpan(parent, span),
    ended: end,
    cancelled: () =>
      end(Date.now() >= Number(call.getDeadline()) ? status.DEADLINE_EXCEEDED : status.CANCELLED),
  };
};

/**
 * The trace that the caller is in, whoever it is. Its baggage is left behind: it would go on to the payment gateway, and to
 * everybody else who is asked.
 */
const callerContext = (metadata: Metadata): Context =>
  propagation.deleteBaggage(propagation.extract(ROOT_CONTEXT, metadata, headers));

type Outcome = { 'rpc.status_code': string; 'error.type'?: string };

const outcomeOf = (code: status): Outcome => {
  // A code may be any number: one that is none of gRPC's is UNKNOWN to clients, too.
  const name = status[code] ?? 'UNKNOWN';
  return { 'rpc.status_code': name, ...((faults.has(code) || name === 'UNKNOWN') && { 'error.type': name }) };
};

/** No description: the message of a status is the caller's, and may repeat what it sent. */
const endSpan = (span: Span, outcome: Outcome): void => {
  span.setAttributes(outcome);
  if (outcome['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
};

/** No call fails because it is observed. */
const unlessItFails = <T>(observe: () => T): T | undefined => {
  try {
    return observe();
  } catch (error) {
    diag.error('a call could not be observed', error);
    return undefined;
  }
};
