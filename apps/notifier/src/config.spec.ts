import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { paymentEventTypes, PaymentState } from '@payments/contracts';
import { ConfigError } from '@payments/runtime';
import { readNotifierConfig } from './config.ts';
import { anEvent } from './event/an-event.fixture.ts';
import { decodeEvent } from './event/decode-event.ts';

const webhook = 'https://hooks.slack.com/services/T0/B0/secret';
const refusal = (env: Record<string, string>) => {
  try {
    return readNotifierConfig(env) && '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

describe('the configuration of the notifier', () => {
  it('needs nothing but the webhook', () => {
    expect(readNotifierConfig({ SLACK_WEBHOOK_URL: webhook })).toEqual({
      databaseUrl: 'postgres://postgres:postgres@127.0.0.1:54320/payments',
      http: { listen: { host: '127.0.0.1', port: 9103 } },
      kafka: { brokers: ['127.0.0.1:19092'], clientId: 'notifier' },
      groupId: 'payment-notifier',
      sessionTimeoutMs: 10_000,
      slack: { minIntervalMs: 1000, burst: 3 },
      routing: {
        channels: [{ name: 'default', webhookUrl: webhook, format: 'blocks' }],
        channelsOf: expect.any(Function) as unknown,
      },
      digest: { above: 5, max: 1000 },
      text: { locale: 'en', digestLines: 20, traceUrl: undefined },
      retentionMs: 3_888_000_000,
    });
  });

  it('reads how to reach Kafka safely', () => {
    const { kafka } = readNotifierConfig({
      SLACK_WEBHOOK_URL: webhook,
      KAFKA_BROKERS: 'a:1,b:2',
      KAFKA_SSL: 'true',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'notifier',
      KAFKA_SASL_PASSWORD: 'p',
    });
    expect(kafka).toEqual({
      brokers: ['a:1', 'b:2'],
      clientId: 'notifier',
      ssl: {},
      sasl: { mechanism: 'scram-sha-512', username: 'notifier', password: 'p' },
    });
  });

  it('names every bad variable at once, with its remedy', () => {
    const message = refusal({
      DATABASE_URL: 'mysql://x',
      HTTP_LISTEN: '9103',
      SLACK_MIN_INTERVAL_MS: '-1',
      NOTIFIER_GROUP_ID: 'a b',
      TRACE_URL: 'http://localhost/trace',
      KAFKA_SSL_CA: '/no/such/file.pem',
    });
    const named = ['DATABASE_URL', 'HTTP_LISTEN', 'SLACK_MIN_INTERVAL_MS', 'NOTIFIER_GROUP_ID'];
    for (const variable of [...named, 'TRACE_URL', 'KAFKA_SSL_CA', 'SLACK_WEBHOOK_URL'])
      expect(message).toContain(`\n  ${variable} `);
    expect(message).toContain('SLACK_WEBHOOK_URL is not set: it must be an https URL');
    expect(message).toContain('{traceId}');
  });

  it.each(['hooks.slack.com/services/T0/B0/secret', 'http://hooks.slack.com/services/T0/B0/secret'])(
    'refuses a webhook that is not https, and does not repeat the secret: %s',
    (SLACK_WEBHOOK_URL) => {
      const message = refusal({ SLACK_WEBHOOK_URL });
      expect(message).toContain('SLACK_WEBHOOK_URL must be an https URL (http only to this machine, or with');
      expect(message).not.toContain('secret');
    },
  );

  it('takes a webhook in the clear on this machine, and one that takes text alone', () => {
    const { routing } = readNotifierConfig({
      SLACK_WEBHOOK_URL: 'http://127.0.0.1:9104/hook',
      SLACK_FORMAT: 'text',
    });
    expect(routing.channels).toEqual([
      { name: 'default', webhookUrl: 'http://127.0.0.1:9104/hook', format: 'text' },
    ]);
  });

  it('refuses a link to traces that would fill a message', () => {
    const TRACE_URL = `https://jaeger.example/trace/{traceId}?${'x'.repeat(500)}`;
    expect(refusal({ SLACK_WEBHOOK_URL: webhook, TRACE_URL })).toContain('TRACE_URL must be a URL of 500');
  });

  const example = join(import.meta.dirname, '../routes.example.json');
  const webhooks = {
    SLACK_WEBHOOK_URL_FAILURES: `${webhook}1`,
    SLACK_WEBHOOK_URL_LARGE: `${webhook}2`,
    SLACK_WEBHOOK_URL_REFUNDS: `${webhook}3`,
  };

  it('takes webhooks in the clear on another machine where that is said to be meant, those of routes too', () => {
    const inTheClear = Object.fromEntries(
      ['SLACK_WEBHOOK_URL', ...Object.keys(webhooks)].map((name) => [
        name,
        `http://slack-stand-in:9104/${name}`,
      ]),
    );
    const { routing } = readNotifierConfig({
      SLACK_INSECURE: 'true',
      ...inTheClear,
      NOTIFIER_ROUTES: example,
    });
    expect(routing.channels.map(({ webhookUrl }) => new URL(webhookUrl).host)).toEqual(
      Array(4).fill('slack-stand-in:9104'),
    );
    const message = refusal({ SLACK_INSECURE: 'yes', ...inTheClear, NOTIFIER_ROUTES: example });
    expect(message).toContain('SLACK_INSECURE must be true or false');
    expect(message.match(/must be an https URL/g)).toHaveLength(4);
  });

  it('reads the routes of the example, and puts its channels beside that of SLACK_WEBHOOK_URL', () => {
    const { routing } = readNotifierConfig({
      SLACK_WEBHOOK_URL: webhook,
      NOTIFIER_ROUTES: example,
      ...webhooks,
    });
    expect(routing.channels).toEqual([
      { name: 'default', webhookUrl: webhook, format: 'blocks' },
      { name: 'failures', webhookUrl: `${webhook}1`, format: 'blocks' },
      { name: 'large', webhookUrl: `${webhook}2`, format: 'blocks' },
      { name: 'refunds', webhookUrl: `${webhook}3`, format: 'text' },
    ]);
    const refund = decodeEvent(
      anEvent({
        type: paymentEventTypes.refunded,
        payment: { state: PaymentState.REFUNDED, amount: { currencyCode: 'USD', units: 1_001n } },
      }),
    );
    const channels = refund.kind === 'event' && routing.channelsOf(refund.event);
    expect(channels).toEqual(['large', 'refunds', 'default']);
  });

  it('names what is bad in the routes together with the bad variables', () => {
    const message = refusal({ NOTIFIER_ROUTES: example, ...webhooks, SLACK_WEBHOOK_URL_LARGE: '' });
    expect(message).toContain('\n  SLACK_WEBHOOK_URL is not set');
    expect(message).toContain(
      `\n  NOTIFIER_ROUTES ${example}: channels[1].webhook names SLACK_WEBHOOK_URL_LARGE, which is not set`,
    );
  });

  it.each([
    ['/no/such/file.json', 'must be the path of a JSON file that this process can read'],
    [import.meta.filename, `${import.meta.filename}: is not JSON`],
    [join(import.meta.dirname, '../package.json'), 'package.json: channels is not set'],
  ])('refuses %s for routes', (NOTIFIER_ROUTES, reason) => {
    const message = refusal({ SLACK_WEBHOOK_URL: webhook, NOTIFIER_ROUTES });
    expect(message).toMatch(/\n {2}NOTIFIER_ROUTES /);
    expect(message).toContain(reason);
  });

  it('does not repeat a webhook that is set where the path of the routes file belongs', () => {
    const NOTIFIER_ROUTES = 'https://chat.example/hooks/s3cret';
    const message = refusal({ SLACK_WEBHOOK_URL: webhook, NOTIFIER_ROUTES });
    expect(message).toContain('NOTIFIER_ROUTES must be the path of a JSON file');
    expect(message).not.toContain('s3cret');
  });

  it('refuses variables of Kafka that do not go together', () => {
    const message = refusal({ SLACK_WEBHOOK_URL: webhook, KAFKA_SSL_CA: import.meta.filename });
    expect(message).toContain('\n  KAFKA_SSL is not true: KAFKA_SSL_CA needs it');
  });

  it('has not a webhook with a password in it: no request could be made of that, and its error would tell all of it', () => {
    const message = refusal({ SLACK_WEBHOOK_URL: 'https://user:s3cret@chat.example/hooks/s3cret' });
    expect(message).toMatch(/SLACK_WEBHOOK_URL must be an https URL .*without a user or password/);
    expect(message).not.toContain('s3cret');
  });
});
