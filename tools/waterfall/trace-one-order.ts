import { join } from 'node:path';
import { execa } from 'execa';
import { untilTrace } from '@payments/servers';
import type { RunningJaeger, SlackStandIn, TraceSpan } from '@payments/servers';

/** Where the order is paid, and where it is told and traced. */
export type Traced = { address: string; slack: SlackStandIn; jaeger: RunningJaeger; stop: AbortSignal };

/** The spans without which the way of an order has a gap. */
const stations: readonly Pick<TraceSpan, 'service' | 'name' | 'kind'>[] = [
  { service: 'pay', name: 'pay order', kind: 'internal' },
  { service: 'pay', name: 'payment.v1.PaymentService/ExecutePayments', kind: 'client' },
  { service: 'payment', name: 'payment.v1.PaymentService/ExecutePayments', kind: 'server' },
  { service: 'relay', name: 'create payment-event', kind: 'producer' },
  { service: 'relay', name: 'send payment-event', kind: 'client' },
  { service: 'notifier', name: 'process payment-event', kind: 'consumer' },
  { service: 'notifier', name: 'POST', kind: 'client' },
];

/** Pays an order by `npm run pay`, and gives its trace once it is whole. */
export async function traceOneOrder({ address, slack, jaeger, stop }: Traced): Promise<TraceSpan[]> {
  const told = Promise.withResolvers<void>();
  const forget = slack.onMessage(() => told.resolve());
  const traceId = await pay(address, jaeger.otlp, stop);
  await told.promise;
  forget();
  await untilTrace(jaeger.query, traceId, missingStations, { signal: stop });
  return untilNothingComes(jaeger.query, traceId);
}

const missingStations = (spans: readonly TraceSpan[]): string[] =>
  stations
    .filter((station) => !spans.some((span) => isAt(span, station)))
    .map(({ service, name, kind }) => `${service}: ${name} (${kind})`);

const isAt = (span: TraceSpan, { service, name, kind }: (typeof stations)[number]): boolean =>
  span.service === service && span.name === name && span.kind === kind;

/** Each service sends all spans of a moment at once, and their number is not known: two looks a second apart see the same. */
async function untilNothingComes(query: string, traceId: string): Promise<TraceSpan[]> {
  let before = -1;
  return untilTrace(
    query,
    traceId,
    (spans) => {
      const isSame = spans.length === before;
      before = spans.length;
      return isSame ? [] : ['what still comes'];
    },
    { everyMs: 1000 },
  );
}

/** @returns the id of its trace */
async function pay(address: string, otlpEndpoint: string, cancelSignal: AbortSignal): Promise<string> {
  const program = join(import.meta.dirname, '../../apps/cli/src/pay.ts');
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
    OTEL_SDK_DISABLED: 'false',
    TRACE_URL: '{traceId}',
  };
  const order = ['--address', address, '--user', 'u-1042', `r-${Date.now() % 100_000_000}=15000KRW`];
  const { stderr } = await execa(process.execPath, [program, ...order], { env, cancelSignal });
  const [, traceId] = /^trace {2}([0-9a-f]{32})$/m.exec(stderr) ?? [];
  if (!traceId) throw new Error(`npm run pay did not say where its trace is: ${stderr}`);
  return traceId;
}
