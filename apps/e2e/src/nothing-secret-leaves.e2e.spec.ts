import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  deadLetterTopic,
  openPaymentClient,
  paymentEventTopic,
  toMoney,
  type PaymentClient,
} from '@payments/contracts';
import { openProducer } from '@payments/kafka';
import { freePort, startGatewayStandIn, type GatewayStandIn } from '@payments/servers';
import {
  eventually,
  otlpReceiver,
  startService,
  type OtlpReceiver,
  type RunningService,
} from '@payments/testing';
import { leaksIn, type Places } from './nothing-secret/leaks.ts';
import { amounts, credentials, secretsOf, users } from './nothing-secret/secrets.fixture.ts';
import { openTokenIssuer } from './nothing-secret/token-issuer.fixture.ts';
import { startSystem, type System } from './system.fixture.ts';

const telemetry = (receiver: OtlpReceiver) => ({
  // As text, so that a number is found, too.
  ...receiver.env,
  // Every span, also those of calls that bring no trace.
  OTEL_TRACES_SAMPLER: 'always_on',
});

const kafkaLogin = {
  KAFKA_SASL_MECHANISM: 'plain',
  KAFKA_SASL_USERNAME: 'payments',
  KAFKA_SASL_PASSWORD: credentials.kafka,
};

type Order = { user: string; reservation: string; currency?: keyof typeof amounts };

const pay = (client: PaymentClient, { user, reservation, currency = 'KRW' }: Order) =>
  client.executePayments({
    requestId: randomUUID(),
    userId: user,
    reservations: [{ reservationId: reservation, amount: toMoney({ currency, minor: amounts[currency] }) }],
  });

/** PostgreSQL refuses the row of this reservation, and quotes it whole in its error: the user, the amount. */
async function refuseRow(system: System): Promise<void> {
  const database = await system.connect();
  await database.query(
    `alter table payment.payment add constraint refused check (reservation_id <> 'r-database')`,
  );
}

/** Calls that end well, and calls that fail in every way that a caller, the gateway and the database have. */
async function makeCalls(
  client: PaymentClient,
  stranger: PaymentClient,
  gateway: GatewayStandIn,
): Promise<void> {
  const quoting = `cannot charge ${users.unlucky} ${amounts.KRW}, ${credentials.authorizer}`;
  const charge = (reservationId: string) => ({ on: 'POST /charges' as const, reservationId });
  gateway.behave({ ...charge('r-declined'), then: { decline: 'card_expired' } });
  gateway.behave({ ...charge('r-ill'), times: 9, then: { status: 500, at: 'before', body: quoting } });
  gateway.behave({ ...charge('r-wrong'), then: { status: 400, at: 'before', body: quoting } });
  gateway.behave({ ...charge('r-cut'), times: 9, then: { cut: 'before' } });

  const [paid] = (await pay(client, { user: users.good, reservation: 'r-good' })).payments;
  await pay(client, { user: users.good, reservation: 'r-dollars', currency: 'USD' });
  const unlucky = ['r-good', 'r-declined', 'r-ill', 'r-wrong', 'r-cut', 'r-dead'];
  for (const reservation of unlucky) await pay(client, { user: users.unlucky, reservation });
  await client.refundPayment({ requestId: randomUUID(), paymentId: paid?.paymentId ?? '' });
  await client.listPayments({ userId: users.good });
  await client.listPaymentHistory({ userId: users.good });

  const failing = [
    pay(client, { user: users.refused, reservation: 'r-database' }),
    pay(client, { user: users.refused, reservation: '' }),
    client.getPayment({ paymentId: users.refused }),
    client.listPayments({ pageToken: users.refused }),
    pay(stranger, { user: users.refused, reservation: 'r-stranger' }),
  ];
  const outcomes = await Promise.allSettled(failing);
  expect(outcomes.map(({ status }) => status)).toEqual(failing.map(() => 'rejected'));
}

/** A Slack that fails, quoting what it was asked, before it takes anything; and one message that it never takes. */
function failSlack({ slack }: System): void {
  slack.failNext({ status: 500, body: `cannot POST ${new URL(slack.webhook).pathname}` });
  slack.failNext({ reset: 'before' });
  slack.failWhen((body) => (body.includes('r-dead') ? { status: 400, body: `no ${body}` } : undefined));
}

/** What no notifier can read, with a user and an amount in it. */
async function sendGarbage(system: System): Promise<void> {
  await using producer = openProducer({ kafka: { brokers: system.kafka.brokers, clientId: 'garbage' } });
  const value = Buffer.from(`{"user":"${users.refused}","amount":${amounts.KRW}}`);
  await producer.send([{ topic: paymentEventTopic, key: Buffer.from('r-garbage'), value, headers: [] }]);
}

async function pageOf({ http }: RunningService): Promise<string> {
  return (await fetch(`http://${http}/metrics`)).text();
}

const logOf = ({ lines }: RunningService) => lines.map(({ text }) => text).join('\n');

/** Everything that left: the spans of all, and the log and the metrics of each. */
function placesOf(
  receiver: OtlpReceiver,
  pages: Places,
  services: Readonly<Record<string, RunningService>>,
): Places {
  const logs = Object.entries(services).map(([name, service]) => [`the log of ${name}`, logOf(service)]);
  return { 'the spans': receiver.raw(), ...pages, ...(Object.fromEntries(logs) as Places) };
}

async function pagesOf(services: Readonly<Record<string, RunningService>>): Promise<Places> {
  const pages = Object.entries(services).map(async ([name, service]) => [
    `/metrics of ${name}`,
    await pageOf(service),
  ]);
  return Object.fromEntries(await Promise.all(pages)) as Places;
}

describe('no secret, amount, user id or SQL parameter leaves the processes', () => {
  it('in a span, a line of a log or a metric, whatever goes wrong', async () => {
    await using receiver = await otlpReceiver();
    await using gateway = await startGatewayStandIn({ token: credentials.authorizer });
    await using issuer = await openTokenIssuer();
    await using system = await startSystem({ databasePassword: credentials.database });
    const env = telemetry(receiver);
    const authorizer = {
      AUTHORIZER_URL: gateway.url,
      AUTHORIZER_TOKEN: credentials.authorizer,
      AUTHORIZER_TIMEOUT_MS: '1000',
    };
    const [payment, relay, notifier, relayShutOut, notifierShutOut] = await Promise.all([
      system.start('payment', { ...env, ...authorizer, ...issuer.env }),
      system.start('relay', env),
      system.start('notifier', { ...env, NOTIFIER_DIGEST_ABOVE: '3' }),
      // Whom Kafka does not let in: its broker knows no passwords.
      system.start('relay', { ...env, ...kafkaLogin }),
      system.start('notifier', { ...env, ...kafkaLogin, NOTIFIER_GROUP_ID: 'shut-out' }),
    ]);
    const shutOut = { 'a relay shut out': relayShutOut, 'a notifier shut out': notifierShutOut };
    const services = { payment, relay, notifier, ...shutOut };
    await Promise.all([payment.ready(), relay.ready(), notifier.ready()]);

    const token = await issuer.token(users.good);
    const forged = `${token.slice(0, -8)}AAAAAAAA`;
    using client = openPaymentClient({ address: payment.grpc ?? '', token });
    using stranger = openPaymentClient({ address: payment.grpc ?? '', token: forged });
    failSlack(system);
    await refuseRow(system);
    await makeCalls(client, stranger, gateway);
    await sendGarbage(system);
    await eventually(async () => {
      expect(await system.kafka.recordsAppended(deadLetterTopic)).toBeGreaterThanOrEqual(2);
      expect(JSON.stringify(system.slack.received())).toContain('r-dollars');
    });
    const pages = await pagesOf(services);

    // A database that is away: everybody has something to say about it.
    await system.postgres.stop('immediate');
    await expect(pay(client, { user: users.good, reservation: 'r-away' })).rejects.toThrow();
    await payment.waitForLine('postgres is away');
    const ended = Object.values(services).map((service) => service.kill('SIGTERM'));
    await Promise.all(ended);

    const secrets = secretsOf({ webhook: system.slack.webhook, tokens: [token, forged] });
    const places = placesOf(receiver, pages, services);
    expect(leaksIn(places, secrets)).toEqual([]);
    // It looked at something: spans of each of the three, and an error of PostgreSQL among them.
    for (const name of ['payment', 'relay', 'notifier'])
      expect(receiver.raw()).toContain(`"service.name","value":{"stringValue":"${name}"}`);
    expect(receiver.raw()).toContain('"23514"');
    for (const text of Object.values(places)) expect(text.length).toBeGreaterThan(200);
  });

  it('and each would be found in a span, in the log and in a metric', async () => {
    await using receiver = await otlpReceiver();
    const secrets = secretsOf({
      webhook: 'https://hooks.slack.com/services/T0/B0/x-last-part',
      tokens: ['a.b-claims.c-signature'],
    });
    const forms = Object.values(secrets).flat();
    // It listens at once, and waits for servers that are not there.
    const nowhere = `127.0.0.1:${await freePort()}`;
    await using relay = await startService({
      app: 'relay',
      env: {
        ...telemetry(receiver),
        DATABASE_URL: `postgres://${nowhere}/postgres`,
        KAFKA_BROKERS: nowhere,
        PLANTED_LEAKS: JSON.stringify(forms),
        NODE_OPTIONS: `--import=${join(import.meta.dirname, 'nothing-secret/planted-leaks.child.ts')}`,
      },
    });
    await eventually(() => expect(receiver.spans()).toHaveLength(forms.length));
    const places = placesOf(receiver, await pagesOf({ relay }), { relay });
    expect(leaksIn(places, secrets)).toHaveLength(3 * forms.length);
  });
});
