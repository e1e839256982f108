import type { KafkaConfig } from '@payments/kafka';
import {
  checkKafka,
  field,
  hostPort,
  integer,
  kafkaConnection,
  kafkaFields,
  databaseUrl,
  readConfig,
  secretUrl,
} from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { z } from 'zod';

/** What the notifier is told by its environment. Times in milliseconds. */
export type NotifierConfig = {
  databaseUrl: string;
  http: { listen: HostPort };
  kafka: KafkaConfig;
  groupId: string;
  slack: { webhookUrl: string; minIntervalMs: number };
  traceUrl: string | undefined;
};

const traceUrl = field(
  'a URL with {traceId} in it, for example http://localhost:16686/trace/{traceId}',
  (text) => (text.includes('{traceId}') && /^https?:\/\/[^\s|<>]+$/.test(text) ? text : undefined),
);

const groupId = field('the name of a consumer group: letters, digits, dots, dashes, underscores', (text) =>
  /^[\w.-]{1,255}$/.test(text) ? text : undefined,
);

const variables = z
  .object({
    DATABASE_URL: databaseUrl,
    HTTP_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9103 }),
    ...kafkaFields,
    NOTIFIER_GROUP_ID: groupId.default('payment-notifier'),
    SLACK_WEBHOOK_URL: secretUrl,
    SLACK_MIN_INTERVAL_MS: integer({ min: 0, max: 3_600_000 }).default(1000),
    TRACE_URL: traceUrl.optional(),
  })
  .superRefine(checkKafka);

/** What a migration has to know, and no more: a job that migrates need not hold the webhook. @throws ConfigError */
export const readMigrationConfig = (
  env: Readonly<Record<string, string | undefined>>,
): Pick<NotifierConfig, 'databaseUrl'> => ({
  databaseUrl: readConfig(z.object({ DATABASE_URL: databaseUrl }), env).DATABASE_URL,
});

/** Reads the environment. @throws ConfigError that names every bad variable. */
export function readNotifierConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): NotifierConfig {
  const value = readConfig(variables, env);
  return {
    databaseUrl: value.DATABASE_URL,
    http: { listen: value.HTTP_LISTEN },
    kafka: kafkaConnection(value, 'notifier'),
    groupId: value.NOTIFIER_GROUP_ID,
    slack: { webhookUrl: value.SLACK_WEBHOOK_URL, minIntervalMs: value.SLACK_MIN_INTERVAL_MS },
    traceUrl: value.TRACE_URL,
  };
}
