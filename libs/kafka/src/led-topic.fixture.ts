import { testServers, throwAwayTopic } from '@payments/testing';
import type { ThrowAwayTopic } from '@payments/testing';

import { ensureTopics } from './ensure-topics.ts';

/** A throw-away topic whose leaders take requests already: a spec about a refused send must not meet another refusal. */
export async function ledTopic(
  partitions = 12,
  config: Readonly<Record<string, string>> = {},
): Promise<ThrowAwayTopic> {
  const made = await throwAwayTopic('spec', { partitions, config });
  const kafka = { brokers: testServers().kafkaBrokers, clientId: 'spec' };
  await ensureTopics({ kafka, topics: [{ topic: made.topic, partitions }] });
  return made;
}
