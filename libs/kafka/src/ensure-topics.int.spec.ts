import { randomUUID } from 'node:crypto';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, testServers } from '@payments/testing';
import kafkajs from 'kafkajs';

import { ensureTopics } from './ensure-topics.ts';
import { silentBroker } from './silent-broker.fixture.ts';

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

async function settingsOf(topic: string): Promise<Record<string, string>> {
  const { resources } = await asAdmin((admin) =>
    admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    }),
  );
  const entries = resources[0]?.configEntries ?? [];
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
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

  it('gives a topic that it creates its settings', async () => {
    const topic = newName();
    const config = { 'retention.ms': '86400000', 'max.message.bytes': '8388608' };
    await ensureTopics({ kafka, topics: [{ topic, partitions: 1, config }] });
    expect(await settingsOf(topic)).toMatchObject(config);
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

  it('gives up on a signal, though the broker is silent, and leaves no connection', async () => {
    await using broker = await silentBroker();
    const stop = new AbortController();
    const options = { kafka: { brokers: [broker.address], clientId: 'topics-spec' }, topics: [] };
    const ensuring = ensureTopics({ ...options, signal: stop.signal });
    await broker.asked;
    const started = performance.now();
    stop.abort();
    await expect(ensuring).rejects.toMatchObject({ code: 'ABORTED', retriable: true });
    // A request has 15 s: it was not waited for.
    expect(performance.now() - started).toBeLessThan(12_000);
    await eventually(() => expect(broker.connections()).toBe(0));
    await expect(ensureTopics({ ...options, signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
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
