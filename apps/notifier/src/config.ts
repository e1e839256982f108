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

const mechanisms = {
  plain: 'plain',
  'scram-sha-256': 'scram-sha-256',
  'scram-sha-512': 'scram-sha-512',
} as const;

const saslMechanism = field(
  `one of ${Object.keys(mechanisms).join(', ')}`,
  (text): KafkaSasl['mechanism'] | undefined =>
    Object.hasOwn(mechanisms, text.toLowerCase())
      ? mechanisms[text.toLowerCase() as keyof typeof mechanisms]
      : undefined,
);

/** The text of a PEM file. */
const pemFile = field('the path of a PEM file that this process can read', (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
});

const traceUrl = field(
  'a URL with {traceId} in it, for example http://localhost:16686/trace/{traceId}',
  (text) => (text.includes('{traceId}') && /^https?:\/\/[^\s|<>]+$/.test(text) ? text : undefined),
);

const groupId = field('the name of a consumer group: letters, digits, dots, dashes, underscores', (text) =>
  /^[\w.-]{1,255}$/.test(text) ? text : undefined,
);

const variables = z
  .object({
    DATABASE_URL: postgresUrl.default('postgres://postgres:postgres@127.0.0.1:54320/payments'),
    HTTP_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9103 }),
    KAFKA_BROKERS: brokers.default(['127.0.0.1:19092']),
    KAFKA_SSL: boolean.default(false),
    KAFKA_SSL_CA: pemFile.optional(),
    KAFKA_SSL_CERT: pemFile.optional(),
    KAFKA_SSL_KEY: pemFile.optional(),
    KAFKA_SASL_MECHANISM: saslMechanism.optional(),
    KAFKA_SASL_USERNAME: z.string().optional(),
    KAFKA_SASL_PASSWORD: secretField('a password', (text) => text).optional(),
    NOTIFIER_GROUP_ID: groupId.default('payment-notifier'),
    SLACK_WEBHOOK_URL: secretUrl,
    SLACK_MIN_INTERVAL_MS: integer({ min: 0, max: 3_600_000 }).default(1000),
    TRACE_URL: traceUrl.optional(),
  })
  .superRefine((value, context) => {
    const refuse = (variable: string, message: string) =>
      context.addIssue({ code: 'custom', path: [variable], message });
    if (value.KAFKA_SASL_MECHANISM && !value.KAFKA_SASL_USERNAME)
      refuse('KAFKA_SASL_USERNAME', 'is not set: KAFKA_SASL_MECHANISM needs a user');
    if (value.KAFKA_SASL_MECHANISM && value.KAFKA_SASL_PASSWORD === undefined)
      refuse('KAFKA_SASL_PASSWORD', 'is not set: KAFKA_SASL_MECHANISM needs a password');
    if (Boolean(value.KAFKA_SSL_CERT) !== Boolean(value.KAFKA_SSL_KEY))
      refuse('KAFKA_SSL_CERT', 'and KAFKA_SSL_KEY go together: set both or neither');
  });

/** Reads the environment. @throws ConfigError that names every bad variable. */
export function readNotifierConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): NotifierConfig {
  const value = readConfig(variables, env);
  return {
    databaseUrl: value.DATABASE_URL,
    http: { listen: value.HTTP_LISTEN },
    kafka: kafkaConfig(value),
    groupId: value.NOTIFIER_GROUP_ID,
    slack: { webhookUrl: value.SLACK_WEBHOOK_URL, minIntervalMs: value.SLACK_MIN_INTERVAL_MS },
    traceUrl: value.TRACE_URL,
  };
}

/** A certificate or an authority of one's own turns TLS on, as KAFKA_SSL alone does with the system's authorities. */
function kafkaConfig(value: z.output<typeof variables>): KafkaConfig {
  const {
    KAFKA_SSL_CA: ca,
    KAFKA_SSL_CERT: cert,
    KAFKA_SSL_KEY: key,
    KAFKA_SASL_MECHANISM: mechanism,
  } = value;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const tls = Object.keys(files).length > 0 ? files : value.KAFKA_SSL;
  const username = value.KAFKA_SASL_USERNAME ?? '';
  const password = value.KAFKA_SASL_PASSWORD ?? '';
  return {
    brokers: value.KAFKA_BROKERS,
    clientId: 'notifier',
    ...(tls && { ssl: tls }),
    ...(mechanism && { sasl: { mechanism, username, password } }),
  };
}
