import type { KafkaMessage } from '@payments/kafka';
import type { Batch, RelayMessage, RelaySession } from '@payments/outbox';

import { toKafkaMessage } from './to-kafka-message.ts';

/** One round: how many messages it published, and whether more wait right behind them. */
export type Round = { published: number; full: boolean };

/** What a round needs. */
export type RoundOptions = {
  log: Pick<RelaySession, 'nextBatch' | 'acknowledge'>;
  /** Sees to it that the topics are there, as far as that is the relay's business. */
  prepareTopics: (topics: readonly string[]) => Promise<void>;
  /** Sends all of them, or throws. */
  send: (messages: readonly KafkaMessage[]) => Promise<void>;
  /** Nothing waits: time to look after the connection to Kafka. */
  idle: () => Promise<void>;
};

/**
 * Publishes the next batch of the log: the whole of it is in Kafka before its checkpoint is written. When anything
 * fails, the next round begins with the same batch, so no message overtakes one of its key.
 */
export async function publishBatch({ log, prepareTopics, send, idle }: RoundOptions): Promise<Round> {
  const batch = await log.nextBatch();
  if (batch.messages.length === 0) {
    await idle();
    return { published: 0, full: false };
  }
  await prepareTopics(topicsOf(batch));
  await send(batch.messages.map(toKafkaMessage));
  await log.acknowledge(batch);
  return { published: batch.messages.length, full: batch.full };
}

function topicsOf({ messages }: Batch): string[] {
  return [...new Set(messages.map(({ topic }: RelayMessage) => topic))];
}
