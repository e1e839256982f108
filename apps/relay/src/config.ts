import { readFileSync } from 'node:fs';

import type { KafkaConfig, KafkaSasl } from '@payments/kafka';
import {
  boolean,
  brokers,
  field,
  hostPort,
  integer,
  postgresUrl,
  readConfig,
  secretField,
} from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { z } from 'zod';

/** How a relay is set up. Times are in milliseconds. */
export type RelayConfig = {
  databaseUrl: string;
  kafka: KafkaConfig;
  httpListen: HostPort;
  /** Create topics that messages name and Kafka lacks. */
  createTopics: boolean;
  /** Bounds of one batch. */
  limits: { rows: number; bytes: number };
  pollMs: number;
  backoffMaxMs: number;
};

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const mechanism = field(`one of ${mechanisms.join(', ')}`, (text) =>
  mechanisms.find((name) => name === text.toLowerCase()),
);
const text = field('a text', (value) => value || undefined);
const password = secretField('a text', (value) => value || undefined);
const pemFile = field('the path of a readable file', readText);

const mebibyte = 1024 * 1024;

const schema = z
  .object({
    DATABASE_URL: postgresUrl.default('postgres://postgres:postgres@127.0.0.1:54320/payments'),
    HTTP_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9102 }),
    KAFKA_BROKERS: brokers.default(['127.0.0.1:19092']),
    KAFKA_SSL: boolean.default(false),
    KAFKA_SSL_CA: pemFile.optional(),
    KAFKA_SSL_CERT: pemFile.optional(),
    KAFKA_SSL_KEY: pemFile.optional(),
    KAFKA_SASL_MECHANISM: mechanism.optional(),
    KAFKA_SASL_USERNAME: text.optional(),
    KAFKA_SASL_PASSWORD: password.optional(),
    RELAY_CREATE_TOPICS: boolean.default(true),
    RELAY_BATCH_SIZE: integer({ min: 1, max: 100_000 }).default(1000),
    RELAY_BATCH_BYTES: integer({ min: 1, max: 256 * mebibyte }).default(4 * mebibyte),
    RELAY_POLL_MS: integer({ min: 1, max: 3_600_000 }).default(1000),
    RELAY_BACKOFF_MAX_MS: integer({ min: 1, max: 3_600_000 }).default(30_000),
  })
  .superRefine((env, context) => {
    const missing = (variable: string, message: string) =>
      context.addIssue({ code: 'custom', path: [variable], message });
    if (env.KAFKA_SASL_MECHANISM && !env.KAFKA_SASL_USERNAME)
      missing('KAFKA_SASL_USERNAME', 'is not set: KAFKA_SASL_MECHANISM needs it');
    if (env.KAFKA_SASL_MECHANISM && !env.KAFKA_SASL_PASSWORD)
      missing('KAFKA_SASL_PASSWORD', 'is not set: KAFKA_SASL_MECHANISM needs it');
    if (env.KAFKA_SSL_CERT && !env.KAFKA_SSL_KEY)
      missing('KAFKA_SSL_KEY', 'is not set: KAFKA_SSL_CERT needs it');
  });

/**
 * Reads the environment of a relay.
 * @throws ConfigError that names every bad variable
 */
export function readRelayConfig(variables: Readonly<Record<string, string | undefined>>): RelayConfig {
  const env = readConfig(schema, variables);
  return {
    databaseUrl: env.DATABASE_URL,
    kafka: toKafkaConfig(env),
    httpListen: env.HTTP_LISTEN,
    createTopics: env.RELAY_CREATE_TOPICS,
    limits: { rows: env.RELAY_BATCH_SIZE, bytes: env.RELAY_BATCH_BYTES },
    pollMs: env.RELAY_POLL_MS,
    backoffMaxMs: env.RELAY_BACKOFF_MAX_MS,
  };
}

function toKafkaConfig(env: z.output<typeof schema>): KafkaConfig {
  const sasl = toSasl(env);
  const files = { ca: env.KAFKA_SSL_CA, cert: env.KAFKA_SSL_CERT, key: env.KAFKA_SSL_KEY };
  const given = Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
  return {
    brokers: env.KAFKA_BROKERS,
    clientId: 'relay',
    ...(env.KAFKA_SSL && { ssl: given }),
    ...(sasl && { sasl }),
  };
}

function toSasl(env: z.output<typeof schema>): KafkaSasl | undefined {
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
  } = env;
  return mechanism && username && password ? { mechanism, username, password } : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
