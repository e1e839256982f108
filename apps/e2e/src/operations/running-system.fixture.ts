import type { PaymentClient } from '@payments/contracts';
import { startGatewayStandIn, startJaeger, startPrometheus } from '@payments/servers';
import { documents } from './documents.fixture.ts';
import { clientOf, startSystem, type System } from '../system.fixture.ts';

/** The whole system under telemetry, with a payment gateway, watched by a real Prometheus. */
export interface WatchedSystem extends AsyncDisposable {
  system: System;
  client: PaymentClient;
  /** Base URL of Prometheus. */
  prometheus: string;
  /** Base URL of Jaeger's API; null where there is no Jaeger. */
  jaeger: string | null;
}

/** Starts it, and waits until every service is ready. */
export async function startWatchedSystem(): Promise<WatchedSystem> {
  await using starting = new AsyncDisposableStack();
  const [system, gateway, jaeger] = await Promise.all([startSystem(), startGatewayStandIn(), startJaeger()]);
  for (const part of [system, gateway, jaeger]) starting.use(part);
  gateway.behave({
    on: 'POST /charges',
    reservationId: 'r-declined',
    then: { decline: 'insufficient_funds' },
  });
  const telemetry = (name: string) => ({
    OTEL_SDK_DISABLED: 'false',
    OTEL_SERVICE_NAME: name,
    ...(jaeger && { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlp, OTEL_BSP_SCHEDULE_DELAY: '500' }),
  });
  const [payment, relay, notifier] = await Promise.all([
    system.start('payment', { ...telemetry('payment'), AUTHORIZER_URL: gateway.url }),
    system.start('relay', telemetry('relay')),
    system.start('notifier', telemetry('notifier')),
  ]);
  await Promise.all([payment, relay, notifier].map((service) => service.ready()));
  const prometheus = await startPrometheus({
    targets: { payment: [payment.http], relay: [relay.http], notifier: [notifier.http] },
    rules: [documents.rules],
  });
  if (!prometheus) throw new Error('there is no Prometheus on PATH');
  starting.use(prometheus);
  const client = starting.use(clientOf(payment));
  const running = starting.move();
  return {
    system,
    client,
    prometheus: prometheus.url,
    jaeger: jaeger?.query ?? null,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
