import type { KafkaConfig } from '@payments/kafka';
import {
  boolean,
  checkKafka,
  hostPort,
  integer,
  kafkaConnection,
  kafkaFields,
  databaseUrl,
  readConfig,
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
  /** How long published messages are kept, in hours. */
  retentionHours: number;
};

const mebibyte = 1024 * 1024;

const schema = z
  .object({
    DATABASE_URL: databaseUrl,
    HTTP_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9102 }),
    ...kafkaFields,
    RELAY_CREATE_TOPICS: boolean.default(true),
    RELAY_BATCH_SIZE: integer({ min: 1, max: 100_000 }).default(1000),
    RELAY_BATCH_BYTES: integer({ min: 1, max: 256 * mebibyte }).default(4 * mebibyte),
    RELAY_POLL_MS: integer({ min: 1, max: 3_600_000 }).default(1000),
    RELAY_BACKOFF_MAX_MS: integer({ min: 1, max: 3_600_000 }).default(30_000),
    // The ring has 16 slots of 12 hours: 14 are kept, one is in use, and one is emptied meanwhile.
    RELAY_RETENTION_HOURS: integer({ min: 1, max: 168 }).default(168),
  })
  .superRefine(checkKafka);

/** The names of all variables that a relay reads, besides those of telemetry. */
export const relayVariables: readonly string[] = Object.keys(schema.shape);

/**
 * Reads the environment of a relay.
 * @throws ConfigError that names every bad variable
 */
export function readRelayConfig(variables: Readonly<Record<string, string | undefined>>): RelayConfig {
  const env = readConfig(schema, variables);
  return {
    databaseUrl: env.DATABASE_URL,
    kafka: kafkaConnection(env, 'relay'),
    httpListen: env.HTTP_LISTEN,
    createTopics: env.RELAY_CREATE_TOPICS,
    limits: { rows: env.RELAY_BATCH_SIZE, bytes: env.RELAY_BATCH_BYTES },
    pollMs: env.RELAY_POLL_MS,
    backoffMaxMs: env.RELAY_BACKOFF_MAX_MS,
    retentionHours: env.RELAY_RETENTION_HOURS,
  };
}
