import { formatMoney, PaymentState, readMoney } from '@payments/contracts';
import type { ConsumedMessage } from '@payments/kafka';

import type { LocalConfig } from './config.ts';
import type { SampleOrder } from './sample-order.ts';
import type { Screen } from './screen.ts';
import { StackError } from './stack-error.ts';
import type { Servers } from './start-servers.ts';
import type { Services } from './start-services.ts';
import { seeKafkaMessage } from './stations/kafka-message.ts';
import { seeOutboxRow } from './stations/outbox-row.ts';
import { seeSlackMessage } from './stations/slack-message.ts';
import { seeTrace } from './stations/trace.ts';
import { orderService, placeTracedOrder } from './traced-order.ts';

type Follow = {
  config: LocalConfig;
  servers: Servers;
  services: Services;
  screen: Screen;
  order: SampleOrder;
  /** The message in Kafka, watched for since before the order. */
  inKafka: Promise<ConsumedMessage>;
  stop: AbortSignal;
};

/**
 * Places the sample order and prints its whole way, station by station.
 * @throws StackError that names the first station where it was not seen
 */
export async function followOrder(options: Follow): Promise<void> {
  const { screen, servers, order, stop } = options;
  screen.heading('The way of a sample order');
  const { traceId } = await station('payment', options, () => pay(options));
  const row = await station('outbox', options, async () => {
    const seen = await seeOutboxRow({ databaseUrl: servers.databaseUrl, key: order.reservationId, stop });
    return { ...seen, text: `message ${seen.id}, ${seen.status}, lane ${seen.lane}, seq ${seen.seq}` };
  });
  await station('Kafka', options, async () => {
    const { topic, partition, offset } = await seeKafkaMessage(options.inKafka, { id: row.id, stop });
    return { text: `topic ${topic}, partition ${partition}, offset ${offset}` };
  });
  await station('Slack', options, async () => ({
    text: await seeSlackMessage({ slack: servers.slack, reservationId: order.reservationId, stop }),
  }));
  await station('trace', options, () => trace(traceId, options));
}

async function pay(follow: Follow): Promise<{ text: string; traceId: string | undefined }> {
  const { config, servers, services, order, stop: signal } = follow;
  const address = services.payment.listening.grpc as string;
  const otlpEndpoint = config.telemetry ? servers.otlpEndpoint : undefined;
  const { payment, traceId } = await placeTracedOrder(order, { address, otlpEndpoint, signal });
  const state = PaymentState[payment.state];
  if (payment.state !== PaymentState.COMPLETED) throw new StackError(`the payment is ${state}`);
  const amount = readMoney(order.amount);
  const shown = 'problem' in amount ? '' : formatMoney(amount);
  const text = `${state}: ${shown} for ${order.reservationId} by ${order.userId}, id ${payment.paymentId}`;
  return { text, traceId };
}

async function trace(
  traceId: string | undefined,
  { config, servers, stop }: Follow,
): Promise<{ text: string }> {
  const { jaeger, otlpEndpoint } = servers;
  if (!config.telemetry) return { text: 'none: OTEL_SDK_DISABLED is set' };
  if (!otlpEndpoint) return { text: 'none: there is no Jaeger' };
  if (!traceId)
    return { text: 'none begins here: so say OTEL_TRACES_SAMPLER, OTEL_TRACES_EXPORTER or the protocol' };
  const link = servers.traceUrl?.replaceAll('{traceId}', traceId) ?? traceId;
  if (!jaeger) return { text: `${link}, sent to ${otlpEndpoint}` };
  const of = [orderService, 'payment', 'relay', 'notifier'];
  const spans = await seeTrace({ query: jaeger.query, traceId, services: of, stop });
  return { text: `${link} (${spans} spans)` };
}

async function station<T extends { text: string }>(
  name: string,
  { screen, stop }: Follow,
  see: () => Promise<T>,
): Promise<T> {
  try {
    const seen = await see();
    screen.row(name, seen.text);
    return seen;
  } catch (error) {
    if (stop.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StackError(`The sample order was not seen at the station "${name}": ${why}`, { cause: error });
  }
}
