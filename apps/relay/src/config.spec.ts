import { describe, expect, it } from '@jest/globals';

import { readRelayConfig } from './config.ts';

describe('the configuration of the relay', () => {
  it('suits a local system when nothing is set', () => {
    expect(readRelayConfig({})).toEqual({
      databaseUrl: 'postgres://postgres:postgres@127.0.0.1:54320/payments',
      kafka: { brokers: ['127.0.0.1:19092'], clientId: 'relay' },
      httpListen: { host: '127.0.0.1', port: 9102 },
      createTopics: true,
      limits: { rows: 1000, bytes: 4 * 1024 * 1024 },
      pollMs: 1000,
      backoffMaxMs: 30_000,
      retentionHours: 168,
    });
  });

  it('takes a Kafka with TLS and a user', () => {
    const { kafka } = readRelayConfig({
      KAFKA_BROKERS: 'kafka-1:9093, kafka-2:9093',
      KAFKA_SSL: 'true',
      KAFKA_SSL_CA: import.meta.filename,
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'relay',
      KAFKA_SASL_PASSWORD: 'secret',
    });
    expect(kafka).toMatchObject({
      brokers: ['kafka-1:9093', 'kafka-2:9093'],
      ssl: { ca: import.meta.filename },
      sasl: { mechanism: 'scram-sha-512', username: 'relay', password: 'secret' },
    });
  });

  it('names every variable that is wrong, and does not repeat a password', () => {
    const read = () =>
      readRelayConfig({
        DATABASE_URL: 'mysql://user:secret@host/db',
        RELAY_BATCH_SIZE: '0',
        RELAY_POLL_MS: 'soon',
        RELAY_RETENTION_HOURS: '169',
        RELAY_CREATE_TOPICS: 'perhaps',
        KAFKA_SSL_CA: '/no/such/file',
      });
    expect(read).toThrow(/DATABASE_URL must be a PostgreSQL URL/);
    expect(read).toThrow(/RELAY_BATCH_SIZE must be a whole number from 1 to 100000, not "0"/);
    expect(read).toThrow(/RELAY_POLL_MS must be .*, not "soon"/);
    expect(read).toThrow(/RELAY_RETENTION_HOURS must be a whole number from 1 to 168, not "169"/);
    expect(read).toThrow(/RELAY_CREATE_TOPICS must be true or false, not "perhaps"/);
    expect(read).toThrow(/KAFKA_SSL_CA must be the path of a PEM file/);
    expect(read).not.toThrow(/secret/);
  });

  it('refuses variables of Kafka that do not go together', () => {
    const read = () => readRelayConfig({ KAFKA_SSL_CA: import.meta.filename });
    expect(read).toThrow(/KAFKA_SSL is not true: KAFKA_SSL_CA needs it/);
  });
});
