import type { z } from 'zod';

import { boolean, brokers, field, readableFile, secretField } from './config-fields.ts';

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const mechanism = field(`one of ${mechanisms.join(', ')}`, (text) =>
  mechanisms.find((name) => name === text.toLowerCase()),
);
const pemFile = readableFile('the path of a PEM file that this process can read');

/** The variables that say how to reach Kafka, for the schema of a service that does. See {@link checkKafka}. */
export const kafkaFields = {
  KAFKA_BROKERS: brokers.default(['127.0.0.1:19092']),
  KAFKA_SSL: boolean.default(false),
  KAFKA_SSL_CA: pemFile.optional(),
  KAFKA_SSL_CERT: pemFile.optional(),
  KAFKA_SSL_KEY: pemFile.optional(),
  KAFKA_SASL_MECHANISM: mechanism.optional(),
  KAFKA_SASL_USERNAME: field('a user', (text) => text || undefined).optional(),
  KAFKA_SASL_PASSWORD: secretField('a password', (text) => text || undefined).optional(),
};

type KafkaVariables = z.output<z.ZodObject<typeof kafkaFields>>;

/** How to reach Kafka, as a client of it takes it. */
export type KafkaConnection = {
  brokers: string[];
  clientId: string;
  /** The paths of its files. */
  ssl?: { ca?: string; cert?: string; key?: string };
  sasl?: { mechanism: (typeof mechanisms)[number]; username: string; password: string };
};

/** What each variable is nothing without: what is set and would not be used is a mistake, and maybe a plain connection. */
const needs = [
  ['KAFKA_SSL_CA', 'KAFKA_SSL', 'true'],
  ['KAFKA_SSL_CERT', 'KAFKA_SSL', 'true'],
  ['KAFKA_SSL_KEY', 'KAFKA_SSL', 'true'],
  ['KAFKA_SSL_CERT', 'KAFKA_SSL_KEY', 'set'],
  ['KAFKA_SSL_KEY', 'KAFKA_SSL_CERT', 'set'],
  ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'set'],
  ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_PASSWORD', 'set'],
  ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM', 'set'],
  ['KAFKA_SASL_PASSWORD', 'KAFKA_SASL_MECHANISM', 'set'],
] as const;

/** Refuses variables of {@link kafkaFields} that do not go together: for `superRefine` of the service's schema. */
export function checkKafka(value: KafkaVariables, context: z.core.$RefinementCtx): void {
  for (const [variable, needed, state] of needs) {
    if (value[variable] === undefined || value[needed]) continue;
    context.addIssue({
      code: 'custom',
      path: [needed],
      message: `is not ${state}: ${variable} needs it`,
    });
  }
}

/** How to reach Kafka, from checked variables. `clientId` names the service in the broker's logs and quotas. */
export function kafkaConnection(value: KafkaVariables, clientId: string): KafkaConnection {
  const { KAFKA_SSL_CA: ca, KAFKA_SSL_CERT: cert, KAFKA_SSL_KEY: key } = value;
  const { KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = value;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return {
    brokers: value.KAFKA_BROKERS,
    clientId,
    ...(value.KAFKA_SSL && { ssl: files }),
    ...(KAFKA_SASL_MECHANISM &&
      username &&
      password && { sasl: { mechanism: KAFKA_SASL_MECHANISM, username, password } }),
  };
}
