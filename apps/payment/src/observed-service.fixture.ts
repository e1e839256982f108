import { randomBytes } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { eventually, otlpReceiver, startService } from '@payments/testing';
import type { OtlpReceiver, OtlpSpan, RunningService } from '@payments/testing';

/** The service as a process under the preload, with somewhere to send traces to. */
export type ObservedService = AsyncDisposable & {
  service: RunningService;
  receiver: OtlpReceiver;
  /** The spans of a trace that were sent, as soon as they are as `expected` says; it throws until then. */
  spans: (trace: CallersTrace, expected: (spans: OtlpSpan[]) => void) => Promise<OtlpSpan[]>;
  /** The values of a metric by its labels, e.g. `{a="1",b="2"}`, from `/metrics`. Empty: there is no series of it. */
  metric: (name: string) => Promise<Record<string, number>>;
};

/** The trace in which a spec calls. */
export type CallersTrace = {
  traceId: string;
  /** Of the caller's span. */
  spanId: string;
  headers: { traceparent: string };
  metadata: Metadata;
};

/** A new trace, sampled. */
export const newTrace = (): CallersTrace => {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const headers = { traceparent: `00-${traceId}-${spanId}-01` };
  return { traceId, spanId, headers, metadata: Metadata.fromHttp2Headers(headers) };
};

/** Starts it; it is ready. */
export const startObserved = async (env: Readonly<Record<string, string>>): Promise<ObservedService> => {
  await using opened = new AsyncDisposableStack();
  const receiver = opened.use(await otlpReceiver());
  const service = opened.use(await startService({ app: 'payment', env: { ...receiver.env, ...env } }));
  await service.ready();
  const closing = opened.move();
  return {
    service,
    receiver,
    spans: ({ traceId }, expected) =>
      eventually(() => {
        const spans = receiver.spans().filter((span) => span.traceId === traceId);
        expected(spans);
        return spans;
      }),
    metric: async (name) => {
      const page = await (await fetch(`http://${service.http}/metrics`)).text();
      return seriesOf(page, name);
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};

const seriesOf = (page: string, name: string): Record<string, number> => {
  const series = page.split('\n').flatMap((line) => {
    const [, found, labels = '', value] = /^(\w+)(\{.*\})? (\S+)/.exec(line) ?? [];
    return found === name ? [[labels, Number(value)] as const] : [];
  });
  return Object.fromEntries(series);
};

/** A span's attributes, by name. */
export const attributesOf = ({ attributes }: OtlpSpan): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
