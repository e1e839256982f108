import { setTimeout as pause } from 'node:timers/promises';
import { replayPartitions, replayTopic, replayTopicConfig } from '@payments/contracts';
import { ensureTopics, KafkaError, openProducer } from '@payments/kafka';
import type { KafkaConfig, ReadMessage } from '@payments/kafka';
import { backoff } from '@payments/runtime';
import { asReplay } from './dead-letter.ts';

/** Publishes dead letters where the notifier reads them once more. */
export type Publisher = AsyncDisposable & { publish: (messages: readonly ReadMessage[]) => Promise<void> };

/** How often a send is tried: a leader that moves is nothing that a person need know of. */
const tries = 5;

/** Opens it, and makes the topic where it is not there: a notifier that was never started has not made it. @throws KafkaError */
export const openPublisher = async (kafka: KafkaConfig): Promise<Publisher> => {
  const topic = { topic: replayTopic, partitions: replayPartitions, config: replayTopicConfig };
  await ensureTopics({ kafka, topics: [topic] });
  const producer = openProducer({ kafka });
  const publish = async (messages: readonly ReadMessage[]): Promise<void> => {
    const replays = messages.map((message) => asReplay(message, replayTopic));
    for (let failures = 1; ; failures += 1) {
      const error = await producer.send(replays).then(
        () => undefined,
        (thrown: unknown) => KafkaError.from(thrown),
      );
      if (!error) return;
      if (failures === tries || error.verdict === 'park-topic') throw error;
      await pause(backoff(failures, { minMs: 100, maxMs: 2_000 }));
    }
  };
  return { publish, [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose]() };
};
