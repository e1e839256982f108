import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@payments/runtime';
import { readNotifierConfig } from './config.ts';

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
        channels: [{ name: 'default', webhookUrl: webhook }],
        channelsOf: expect.any(Function) as unknown,
      },
      digest: { above: 5, max: 1000 },
      text: { locale: 'en', digestLines: 20, traceUrl: undefined },
      retentionMs: 2_592_000_000,
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
    expect(message).toContain('SLACK_WEBHOOK_URL is not set: it must be a URL');
    expect(message).toContain('{traceId}');
  });

  it('does not repeat a secret', () => {
    const message = refusal({ SLACK_WEBHOOK_URL: 'hooks.slack.com/services/T0/B0/secret' });
    expect(message).toContain('SLACK_WEBHOOK_URL must be');
    expect(message).not.toContain('secret');
  });

  it('refuses variables of Kafka that do not go together', () => {
    const message = refusal({ SLACK_WEBHOOK_URL: webhook, KAFKA_SSL_CA: import.meta.filename });
    expect(message).toContain('\n  KAFKA_SSL is not true: KAFKA_SSL_CA needs it');
  });
});
