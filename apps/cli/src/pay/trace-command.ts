import { context, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import type { CliConfig } from '../config.ts';
import { complain, printed } from '../terminal/output.ts';
import { UsageError } from '../usage-error.ts';
import { findTracing } from './find-tracing.ts';
import type { Tracing } from './find-tracing.ts';

/**
 * Runs a command, which gives its exit code, as the root of a trace: its calls, each try, are spans below it. Says in the
 * end, on standard error, where the trace can be seen. Where there is nowhere to send it, nothing of this is loaded; one
 * who does not take it costs a second, and is no failure.
 * @param name of few different values, such as `pay order`
 * @throws UsageError for a standard variable with a value that it cannot have
 */
export const traceCommand = async (
  name: string,
  config: CliConfig,
  work: () => Promise<number>,
): Promise<number> => {
  const tracing = await findTracing(config);
  if (!tracing) return work();
  const endTraces = await beginTraces(tracing);
  const link = tracing.findLink();
  const span = trace.getTracer('@payments/cli').startSpan(name);
  const exitCode = await context.with(trace.setSpan(context.active(), span), work);
  end(span, exitCode);
  const [inTime, url] = await Promise.all([endTraces(), link]);
  if (inTime && url !== undefined && isKept(span)) complain(`trace  ${forTrace(url, span)}`);
  if (inTime) return exitCode;
  // What still tries to send would hold the process.
  await printed();
  process.exit(exitCode);
};

/** Loaded for this alone: it takes as long as half of a command. */
const beginTraces = async ({ otlpEndpoint }: Tracing): Promise<() => Promise<boolean>> => {
  const { traceClient, endTraces } = await import('@payments/runtime/trace-client');
  try {
    traceClient({ service: 'pay', otlpEndpoint });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  return endTraces;
};

/** As https://opentelemetry.io/docs/specs/semconv/cli/cli-spans/ has it. */
const end = (span: Span, exitCode: number): void => {
  span.setAttribute('process.exit.code', exitCode);
  if (exitCode !== 0)
    span.setAttribute('error.type', String(exitCode)).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
};

const isKept = (span: Span): boolean => (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

const forTrace = (url: string, span: Span): string => url.replaceAll('{traceId}', span.spanContext().traceId);
