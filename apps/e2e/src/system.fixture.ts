import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import {
  openPaymentClient,
  PaymentEventSchema,
  paymentEventTopic,
  toMoney,
  type Payment,
  type PaymentClient,
} from '@payments/contracts';
import {
  freePort,
  readWithKafkaConsole,
  startKafka,
  startSlackStandIn,
  type ConsoleRecord,
  type RunningKafka,
  type RunningPostgres,
  type SlackStandIn,
} from '@payments/servers';
import { eventually, startService, type Program, type RunningService } from '@payments/testing';
import pg from 'pg';
import {
  asRole,
  makeRoles,
  prepareDatabase,
  startPreparedPostgres,
} from './database-roles/prepare-database.fixture.ts';

/** Servers of one spec's own, to be stopped at will, and the three services on them, started one by one. */
export interface System extends AsyncDisposable {
  postgres: RunningPostgres;
  kafka: RunningKafka;
  slack: SlackStandIn;
  /** URL of the services' database, as a superuser. */
  databaseUrl: string;
  /** Starts a service, with a database role of its own that may do what that service needs and no more. */
  start: (
    app: 'payment' | 'relay' | 'notifier',
    env?: Record<string, string>,
    program?: Program,
  ) => Promise<RunningService>;
  /** A connection of the spec's own. */
  connect: () => Promise<pg.Client>;
  /** Every payment event in Kafka, by partition and offset, as Kafka's own client reads it. */
  published: () => Promise<PublishedEvent[]>;
}

/** A payment event as it lies in Kafka. */
export interface PublishedEvent {
  key: string;
  messageId: string;
  payment: Payment;
}

/**
 * Starts PostgreSQL, Kafka and the Slack stand-in; with `running: false` they are stopped again. The database is migrated,
 * unless `migrated: false`.
 * @param options.settings of PostgreSQL
 * @param options.databasePassword what the services say to PostgreSQL, which takes anything
 */
export async function startSystem(
  options: {
    running?: boolean;
    migrated?: boolean;
    databasePassword?: string;
    settings?: Record<string, string>;
  } = {},
): Promise<System> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'payments-e2e-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const [postgresPort, kafkaPort] = [await freePort(), await freePort()];
  const [{ postgres, databaseUrl }, kafka, slack] = await Promise.all([
    startPreparedPostgres({
      dataDir: join(folder, 'postgres'),
      port: postgresPort,
      settings: options.settings ?? {},
      prepare: options.migrated === false ? makeRoles : prepareDatabase,
    }),
    startKafka({ dataDir: join(folder, 'kafka'), port: kafkaPort }),
    startSlackStandIn(),
  ]);
  for (const server of [postgres, kafka, slack]) cleanup.use(server);
  if (options.running === false) await Promise.all([postgres.stop(), kafka.stop()]);

  const env = {
    KAFKA_BROKERS: kafka.brokers.join(','),
    SLACK_WEBHOOK_URL: slack.webhook,
    SLACK_MIN_INTERVAL_MS: '0',
    // One message for each payment, however many wait: specs count them.
    NOTIFIER_DIGEST_ABOVE: '1000',
    RELAY_BACKOFF_MAX_MS: '1000',
  };
  const running = cleanup.move();
  return {
    postgres,
    kafka,
    slack,
    databaseUrl,
    async start(app, more = {}, program) {
      const DATABASE_URL = asRole(databaseUrl, app, options.databasePassword);
      const service = await startService({
        app,
        env: { DATABASE_URL, ...env, ...more },
        ...(program && { program }),
      });
      running.use(service);
      return service;
    },
    async connect() {
      const client = new pg.Client({ connectionString: databaseUrl });
      client.on('error', () => undefined);
      await client.connect();
      running.defer(() => client.end().catch(() => undefined));
      return client;
    },
    published: () => readEvents(kafka),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function readEvents(kafka: RunningKafka): Promise<PublishedEvent[]> {
  const count = await kafka.recordsAppended(paymentEventTopic);
  const records = await readWithKafkaConsole({ brokers: kafka.brokers, topic: paymentEventTopic, count });
  // Partitions are read side by side: what was appended meanwhile may have come in place of what was there.
  const more = (await kafka.recordsAppended(paymentEventTopic)) > count;
  return more ? readEvents(kafka) : records.map(toEvent);
}

function toEvent({ key, value, headers }: ConsoleRecord): PublishedEvent {
  const { payment } = fromBinary(PaymentEventSchema, value ?? Buffer.alloc(0));
  const messageId = headers.find(({ name }) => name === 'ce_id')?.value?.toString() ?? '';
  if (!payment) throw new Error('an event without a payment');
  return { key: key?.toString() ?? '', messageId, payment };
}

/** A client of a payment service, closed by `using`. */
export function clientOf(service: RunningService): PaymentClient {
  if (!service.grpc) throw new Error('the service has no gRPC address');
  return openPaymentClient({ address: service.grpc });
}

/** Pays 1,000 won for a reservation; asked again with the same request id until there is an answer. */
export async function payUntilAnswered(client: PaymentClient, reservationId: string): Promise<string> {
  const request = {
    requestId: randomUUID(),
    userId: 'u-1',
    reservations: [{ reservationId, amount: toMoney({ currency: 'KRW', minor: 1000n }) }],
  };
  const { payments } = await eventually(() => client.executePayments(request, { timeoutMs: 5000 }), {
    timeoutMs: 120_000,
    everyMs: 100,
  });
  const [payment] = payments;
  if (!payment) throw new Error('an answer without a payment');
  return payment.paymentId;
}

/** What clients were told, by reservation: the payments in the order in which they were made. */
export type Answers = Map<string, string[]>;

/**
 * Clients side by side, each paying its own reservation again and again: the order of a key is the order of its answers. Each pays
 * `times` times, and goes on after that until `enough`, where that is given.
 */
export async function payRepeatedly(
  client: PaymentClient,
  options: { reservations: string[]; times: number; enough?: AbortSignal },
): Promise<Answers> {
  const { times, enough } = options;
  const answers: Answers = new Map();
  const payOne = async (reservationId: string) => {
    const payments: string[] = [];
    answers.set(reservationId, payments);
    while (payments.length < times || enough?.aborted === false)
      payments.push(await payUntilAnswered(client, reservationId));
  };
  await Promise.all(options.reservations.map(payOne));
  return answers;
}

/** The payments of each key in the order of their first delivery. */
export function firstDeliveries(events: PublishedEvent[]): Answers {
  const deliveries: Answers = new Map();
  const seen = new Set<string>();
  for (const { key, messageId, payment } of events) {
    if (seen.has(messageId)) continue;
    seen.add(messageId);
    deliveries.set(key, [...(deliveries.get(key) ?? []), payment.paymentId]);
  }
  return deliveries;
}
