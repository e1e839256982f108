import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';

import { KafkaError } from './kafka-error.ts';
import { openClient, retryTimesOf } from './open-client.ts';
import type { ClientOptions } from './open-client.ts';

/**
 * How long Kafka keeps the messages of a topic, in milliseconds; Infinity where it does not go by time. They may be there a
 * little longer: Kafka deletes whole segments.
 * @param options.signal cuts the connection; the promise may then never settle
 * @throws KafkaError, also when the role may not ask
 */
export async function topicRetentionMs({
  topic,
  signal,
  ...options
}: ClientOptions & { topic: string; signal?: AbortSignal }): Promise<number> {
  const client = openClient({ ...options, requestTimeoutMs: 15_000 });
  const admin = client.kafka.admin({ retry: retryTimesOf(2) });
  const cut = () => client.destroy();
  signal?.addEventListener('abort', cut, { once: true });
  try {
    await admin.connect();
    const { 'retention.ms': retention, 'cleanup.policy': policy } = await configOf(admin, topic);
    return policy?.includes('delete') && Number(retention) >= 0 ? Number(retention) : Infinity;
  } catch (error) {
    throw KafkaError.from(error);
  } finally {
    signal?.removeEventListener('abort', cut);
    cut();
  }
}

async function configOf(admin: Admin, topic: string): Promise<Record<string, string>> {
  const configNames = ['retention.ms', 'cleanup.policy'];
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames }];
  const answer = await admin.describeConfigs({ resources, includeSynonyms: false });
  const entries = answer.resources[0]?.configEntries ?? [];
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
}
