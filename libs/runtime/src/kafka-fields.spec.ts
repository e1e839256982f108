import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { checkKafka, kafkaConnection, kafkaFields } from './kafka-fields.ts';
import { readConfig } from './read-config.ts';

const schema = z.object(kafkaFields).superRefine(checkKafka);
const read = (env: Record<string, string>) => kafkaConnection(readConfig(schema, env), 'spec');
const file = import.meta.filename;

describe('how to reach Kafka', () => {
  it('is in the clear on this machine when nothing is set', () => {
    expect(read({})).toEqual({ brokers: ['127.0.0.1:19092'], clientId: 'spec' });
  });

  it('is with TLS and the system’s authorities, or with files of one’s own, by their paths', () => {
    expect(read({ KAFKA_SSL: 'true' })).toMatchObject({ ssl: {} });
    const files = { KAFKA_SSL_CA: file, KAFKA_SSL_CERT: file, KAFKA_SSL_KEY: file };
    expect(read({ KAFKA_SSL: 'true', ...files })).toMatchObject({ ssl: { ca: file, cert: file, key: file } });
  });

  it('is with a user', () => {
    const user = { KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: 'secret' };
    expect(read({ KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', ...user })).toMatchObject({
      sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'secret' },
    });
  });

  it.each([
    [{ KAFKA_SSL_CA: file }, 'KAFKA_SSL is not true: KAFKA_SSL_CA needs it'],
    [{ KAFKA_SSL: 'false', KAFKA_SSL_CA: file }, 'KAFKA_SSL is not true: KAFKA_SSL_CA needs it'],
    [{ KAFKA_SSL_CERT: file, KAFKA_SSL_KEY: file }, 'KAFKA_SSL is not true: KAFKA_SSL_KEY needs it'],
    [{ KAFKA_SSL: 'true', KAFKA_SSL_KEY: file }, 'KAFKA_SSL_CERT is not set: KAFKA_SSL_KEY needs it'],
    [{ KAFKA_SSL: 'true', KAFKA_SSL_CERT: file }, 'KAFKA_SSL_KEY is not set: KAFKA_SSL_CERT needs it'],
    [{ KAFKA_SSL_CA: '/no/such/file' }, 'KAFKA_SSL_CA must be the path of a PEM file'],
    [{ KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_USERNAME is not set: KAFKA_SASL_MECHANISM needs it'],
    [{ KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_PASSWORD is not set: KAFKA_SASL_MECHANISM needs it'],
    [{ KAFKA_SASL_USERNAME: 'me' }, 'KAFKA_SASL_MECHANISM is not set: KAFKA_SASL_USERNAME needs it'],
    [{ KAFKA_SASL_PASSWORD: 'secret' }, 'KAFKA_SASL_MECHANISM is not set: KAFKA_SASL_PASSWORD needs it'],
    [
      { KAFKA_SASL_MECHANISM: 'md5' },
      'KAFKA_SASL_MECHANISM must be one of plain, scram-sha-256, scram-sha-512',
    ],
  ])('is refused of %j', (env, remedy) => {
    expect(() => read(env)).toThrow(remedy);
    expect(() => read(env)).not.toThrow(/secret/);
  });
});
