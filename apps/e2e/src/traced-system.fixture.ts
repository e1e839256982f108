import { join } from 'node:path';
import { startJaeger, untilTrace, type TraceSpan } from '@payments/servers';
import type { RunningService } from '@payments/testing';
import { execa } from 'execa';
import { startSystem, type System } from './system.fixture.ts';

/** The services with telemetry on, and the Jaeger to which they send. */
export interface TracedSystem extends System {
  /** `npm run pay`, as people run it. @returns the id of the trace that it says it began */
  pay: (payment: RunningService, reservationId: string) => Promise<string>;
  /** The trace, once it holds as many spans of these names as are wanted. */
  trace: (traceId: string, wanted: Readonly<Record<string, number>>) => Promise<TraceSpan[]>;
}

/** Starts the servers and a Jaeger. @throws Error where there is no Jaeger */
export async function startTracedSystem(): Promise<TracedSystem> {
  await using cleanup = new AsyncDisposableStack();
  const jaeger = await startJaeger();
  if (!jaeger) throw new Error('there is no Jaeger: `npm run tools` builds one');
  cleanup.use(jaeger);
  const system = cleanup.use(await startSystem());
  const telemetry = { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlp, OTEL_BSP_SCHEDULE_DELAY: '200' };
  const running = cleanup.move();
  return {
    ...system,
    start: (app, env) =>
      system.start(app, { OTEL_SDK_DISABLED: 'false', OTEL_SERVICE_NAME: app, ...telemetry, ...env }),
    pay: (payment, reservationId) =>
      payByCommand({ address: payment.grpc ?? '', reservationId, env: telemetry }),
    trace: (traceId, wanted) => untilTrace(jaeger.query, traceId, (spans) => missing(spans, wanted)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const command = join(import.meta.dirname, '../../cli/src/pay.ts');

async function payByCommand(options: {
  address: string;
  reservationId: string;
  env: Record<string, string>;
}): Promise<string> {
  const { address, reservationId, env } = options;
  const args = [command, '--address', address, '--user', 'u-1', `${reservationId}=1000KRW`];
  const { stderr } = await execa(process.execPath, args, {
    env: { ...env, TRACE_URL: 'https://jaeger/{traceId}' },
  });
  const [, traceId] = /https:\/\/jaeger\/(\w{32})/.exec(stderr) ?? [];
  if (traceId === undefined) throw new Error(`pay tells of no trace: ${stderr}`);
  return traceId;
}

function missing(spans: readonly TraceSpan[], wanted: Readonly<Record<string, number>>): string[] {
  return Object.entries(wanted).flatMap(([name, count]) => {
    const there = spans.filter((span) => span.name === name).length;
    return there < count ? [`${count - there} of ${name}`] : [];
  });
}

/** The one span of that name. @throws Error where there are none or several */
export function the(name: string, spans: readonly TraceSpan[]): TraceSpan {
  const [found, ...others] = spans.filter((span) => span.name === name);
  if (!found || others.length > 0)
    throw new Error(`${found ? others.length + 1 : 0} spans are named ${name}, not one`);
  return found;
}

/** The spans from a span up to the root of its trace, by name. @throws Error where one has a parent that is not there */
export function wayUp(span: TraceSpan, spans: readonly TraceSpan[]): string[] {
  if (span.parent === undefined) return [span.name];
  const above = spans.find(({ spanId }) => spanId === span.parent);
  if (!above) throw new Error(`the parent of ${span.service}: ${span.name} is not in the trace`);
  return [span.name, ...wayUp(above, spans)];
}
