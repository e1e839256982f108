import { randomUUID } from 'node:crypto';

import { afterEach, describe, expect, it } from '@jest/globals';
import { testServers } from '@payments/testing';
import kafkajs from 'kafkajs';

import { ensureTopics } from './ensure-topics.ts';

const { kafkaBrokers: brokers } = testServers();
const kafka = { brokers, clientId: 'topics-spec' };
const made: string[] = [];

const newName = () => {
  const name = `spec-${randomUUID()}`;
  made.push(name);
  return name;
};

async function asAdmin<T>(use: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ ...kafka, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return use(admin).finally(() => admin.disconnect());
}

/** How many partitions of the topic have a leader. */
async function partitionsOf(topic: string): Promise<number> {
  const { topics } = await asAdmin((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
  return topics[0]?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
}

afterEach(() => asAdmin((admin) => admin.deleteTopics({ topics: made.splice(0) })));

describe('ensureTopics', () => {
  it('creates what is missing, with leaders', async () => {
    const [one, other] = [newName(), newName()];
    await ensureTopics({
      kafka,
      topics: [
        { topic: one, partitions: 12 },
        { topic: other, partitions: 3 },
      ],
    });
    expect(await partitionsOf(one)).toBe(12);
    expect(await partitionsOf(other)).toBe(3);
  });

  it('leaves a topic that is there as it is', async () => {
    const topic = newName();
    await ensureTopics({ kafka, topics: [{ topic, partitions: 2 }] });
    await ensureTopics({ kafka, topics: [{ topic, partitions: 12 }] });
    expect(await partitionsOf(topic)).toBe(2);
  });

  it('does not mind somebody who creates the same topics', async () => {
    const topics = [newName(), newName(), newName()].map((topic) => ({ topic, partitions: 4 }));
    const racing = Array.from({ length: 6 }, () => ensureTopics({ kafka, topics }));
    await expect(Promise.all(racing)).resolves.toHaveLength(6);
    expect(await partitionsOf(topics[0]?.topic ?? '')).toBe(4);
  });

  it('names a topic that cannot be', async () => {
    await expect(
      ensureTopics({ kafka, topics: [{ topic: 'no such name', partitions: 1 }] }),
    ).rejects.toMatchObject({
      code: 'INVALID_TOPIC_EXCEPTION',
      verdict: 'park-topic',
    });
  });

  it('says that no broker is there', async () => {
    const away = { brokers: ['127.0.0.1:1'], clientId: 'topics-spec' };
    await expect(ensureTopics({ kafka: away, topics: [] })).rejects.toMatchObject({
      code: 'KafkaJSConnectionError',
      retriable: true,
    });
  });
});
