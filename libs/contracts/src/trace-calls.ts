import {
  context,
  defaultTextMapSetter,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { InterceptingCall, status } from '@grpc/grpc-js';
import type { Interceptor, Metadata, Requester } from '@grpc/grpc-js';

/**
 * Makes a CLIENT span of each call to `address`, below the active one, and sends its context along, instead of one that
 * the caller put in. Names, attributes and which codes are errors are those of
 * https://opentelemetry.io/docs/specs/semconv/rpc/grpc/. The status message is left out: it may repeat what was asked for.
 * Where no traces are made the call is as it would be without this.
 * @param address `host:port`
 */
export const traceCalls = (address: string): Interceptor => {
  const peer = peerOf(address);
  return (options, nextCall) => {
    const method = options.method_definition.path.slice(1);
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method, ...peer };
    const span = trace
      .getTracer('@payments/contracts')
      .startSpan(method, { kind: SpanKind.CLIENT, attributes });
    const isTraced = trace.isSpanContextValid(span.spanContext());
    return new InterceptingCall(nextCall(options), isTraced ? tracing(span) : undefined);
  };
};

const tracing = (span: Span): Requester => {
  const within = trace.setSpan(context.active(), span);
  return {
    start: (metadata, _listener, next) => {
      inject(within, metadata);
      next(metadata, {
        // It comes for each call once: also for one that was cancelled, timed out or never sent.
        onReceiveStatus: (ended, handOn) => {
          end(span, ended.code);
          handOn(ended);
        },
      });
    },
  };
};

const inject = (within: Context, metadata: Metadata): void => {
  const headers: Record<string, string> = {};
  propagation.inject(within, headers, defaultTextMapSetter);
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
};

/** Every code but OK is an error to who called. */
const end = (span: Span, code: status): void => {
  const name = status[code] ?? String(code);
  span.setAttribute('rpc.status_code', name);
  if (code !== status.OK) span.setAttribute('error.type', name).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
};

/** An IPv6 address stands in brackets. */
const peerOf = (address: string): Attributes => {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return { 'server.address': host ?? address, ...(port && { 'server.port': Number(port) }) };
};
