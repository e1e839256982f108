import { context, diag, DiagLogLevel, trace } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, Sampler } from '@opentelemetry/sdk-trace';

/** Keeps the spans of this process that have ended, in memory, until it is disposed of. */
export function keepSpans({ sampler }: { sampler?: Sampler } = {}) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    spanLimits: { linkCountLimit: 1000 },
    ...(sampler && { sampler }),
  });
  trace.setGlobalTracerProvider(provider);
  const complaints: string[] = [];
  const complain = (text: string) => void complaints.push(text);
  const quiet = () => undefined;
  diag.setLogger(
    { error: complain, warn: complain, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const named = (word: string) =>
    exporter.getFinishedSpans().filter(({ name }) => name.split(' ')[0] === word);
  return {
    creates: () => named('create'),
    sends: () => named('send'),
    all: () => exporter.getFinishedSpans(),
    /** What was done to spans that must not be done, such as to end one twice. */
    complaints,
    [Symbol.dispose]: () => {
      diag.disable();
      trace.disable();
      context.disable();
    },
  };
}

/** The `traceparent` of a span that is kept. */
export const traceparentOf = ({ traceId, spanId }: Pick<SpanContext, 'traceId' | 'spanId'>): string =>
  `00-${traceId}-${spanId}-01`;

/** The contexts that a span links to, as `traceparent`. */
export const linkedTo = ({ links }: ReadableSpan): string[] =>
  links.map(({ context: linked }) => traceparentOf(linked));

/** A `traceparent` of its own for each number. */
export const traceparent = (number: number, { sampled = true } = {}): string =>
  `00-${String(number).padStart(32, 'a')}-${String(number).padStart(16, 'b')}-0${sampled ? 1 : 0}`;
