import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { toMoney, type PaymentClient } from '@payments/contracts';
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

/**
 * Pays for one reservation in a trace of the caller's own, as a client with an SDK of its own would.
 * @returns the trace's id
 */
export async function payInTrace(
  client: PaymentClient,
  reservationId: string,
  { sampled = true }: { sampled?: boolean } = {},
): Promise<string> {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const metadata = new Metadata();
  metadata.set('traceparent', `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`);
  const amount = toMoney({ currency: 'KRW', minor: 1000n });
  const request = { requestId: randomUUID(), userId: 'u-1', reservations: [{ reservationId, amount }] };
  await client.executePayments(request, { metadata, timeoutMs: 60_000 });
  return traceId;
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
