import type { KafkaConfig } from '@payments/kafka';
import { ConfigError } from '@payments/runtime';
import { readCliConfig, readKafkaConfig } from './config.ts';
import { readStack } from './read-stack.ts';
import { UsageError } from './usage-error.ts';

/** Where Kafka is, and the group of the notifiers there. */
export type KafkaPlace = { kafka: KafkaConfig; groupId: string };

/**
 * Where Kafka is: what was asked for, else `KAFKA_BROKERS`, else the running local system, else the default; reached as the
 * other `KAFKA_*` variables say.
 * @throws UsageError that names what is wrong
 */
export const findKafka = async (
  options: { brokers?: string; group?: string },
  env: Readonly<Record<string, string | undefined>>,
): Promise<KafkaPlace> => {
  // What a script left empty must not become the default: somebody else's dead letters would be skipped.
  for (const name of ['brokers', 'group'] as const)
    if (options[name]?.trim() === '') throw new UsageError(`--${name} is empty`);
  const brokers = options.brokers ?? (env['KAFKA_BROKERS'] || (await localBrokers(env)));
  const group = options.group ?? env['NOTIFIER_GROUP_ID'];
  try {
    return readKafkaConfig({ ...env, KAFKA_BROKERS: brokers, NOTIFIER_GROUP_ID: group });
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message) : error;
  }
};

const localBrokers = async (
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> => {
  const { kafka } = await readStack(readCliConfig(env).stackFile);
  return Array.isArray(kafka?.brokers) ? kafka.brokers.join(',') : undefined;
};
