import { resolve } from 'node:path';
import type { KafkaConfig } from '@payments/kafka';
import { checkKafka, field, kafkaConnection, kafkaFields, readConfig } from '@payments/runtime';
import { z } from 'zod';

/** The root of the repository. */
const repositoryRoot = resolve(import.meta.dirname, '../../..');

/** What the commands are told by their environment. */
export type CliConfig = {
  /** `PAYMENT_ADDRESS`: where the payment service is. */
  paymentAddress?: string;
  /** `PAYMENT_TLS`: `true` or `false`, as it was typed. */
  paymentTls?: string;
  /** `PAYMENT_TLS_CA`, `PAYMENT_TLS_CERT`, `PAYMENT_TLS_KEY`: paths of PEM files. */
  paymentTlsCa?: string;
  paymentTlsCert?: string;
  paymentTlsKey?: string;
  /** `PAYMENT_TOKEN`: a bearer token. A secret. */
  paymentToken?: string;
  /** `DATABASE_URL`: where the outbox is. */
  databaseUrl?: string;
  /** Where traces go: where the standard variables say (`OTEL_EXPORTER_OTLP_ENDPOINT`), to the local system, or nowhere. */
  traces: 'as set' | 'local' | 'nowhere';
  /** `TRACE_URL`: where a trace can be seen, with `{traceId}` in it. */
  traceUrl?: string;
  /** Written by `npm start` into its state folder (`LOCAL_STATE_DIR`, else `.local`), absent while that is down. */
  stackFile: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment. A variable that is set to nothing counts as not set. */
export const readCliConfig = (env: Environment): CliConfig => ({
  ...(env.PAYMENT_ADDRESS && { paymentAddress: env.PAYMENT_ADDRESS }),
  ...(env.PAYMENT_TLS && { paymentTls: env.PAYMENT_TLS }),
  ...(env.PAYMENT_TLS_CA && { paymentTlsCa: env.PAYMENT_TLS_CA }),
  ...(env.PAYMENT_TLS_CERT && { paymentTlsCert: env.PAYMENT_TLS_CERT }),
  ...(env.PAYMENT_TLS_KEY && { paymentTlsKey: env.PAYMENT_TLS_KEY }),
  ...(env.PAYMENT_TOKEN && { paymentToken: env.PAYMENT_TOKEN }),
  ...(env.DATABASE_URL && { databaseUrl: env.DATABASE_URL }),
  traces: readTraces(env),
  ...(env.TRACE_URL && { traceUrl: env.TRACE_URL }),
  stackFile: resolve(repositoryRoot, env.LOCAL_STATE_DIR || '.local', 'stack.json'),
});

/** https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/; OTLP is the only exporter here. */
const readTraces = (env: Environment): CliConfig['traces'] => {
  const exporter = env.OTEL_TRACES_EXPORTER?.trim() || undefined;
  const isOff = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
  if (isOff || (exporter !== undefined && exporter !== 'otlp')) return 'nowhere';
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim() || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim();
  return exporter !== undefined || endpoint ? 'as set' : 'local';
};

const groupId = field('the name of a consumer group: letters, digits, dots, dashes, underscores', (text) =>
  /^[\w.-]{1,255}$/.test(text) ? text : undefined,
);

const kafkaVariables = z
  .object({ ...kafkaFields, NOTIFIER_GROUP_ID: groupId.default('payment-notifier') })
  .superRefine(checkKafka);

/** How to reach Kafka, by the variables of the notifier itself, and its consumer group. @throws ConfigError */
export const readKafkaConfig = (env: Environment): { kafka: KafkaConfig; groupId: string } => {
  const value = readConfig(kafkaVariables, env);
  return { kafka: kafkaConnection(value, 'notifier-cli'), groupId: value.NOTIFIER_GROUP_ID };
};
