import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { eventually, startKafka } from '@payments/testing';
import type { RunningKafka } from '@payments/testing';
import { lastValueFrom, retry, tap } from 'rxjs';

import { messages$ } from './messages.ts';
import { plantedProducer } from './planted-producers.fixture.ts';
import type { KafkaMessage, Producer } from './producer.ts';
import { openProducer } from './producer.ts';
import { readTopic } from './read-topic.fixture.ts';
import { tapSockets } from './tapped-sockets.fixture.ts';
import type { Tap } from './tapped-sockets.fixture.ts';

let folder: string;
let cluster: RunningKafka;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leader-moves-'));
  cluster = await startKafka({
    dataDir: folder,
    brokers: 2,
    settings: { 'offsets.topic.replication.factor': '2' },
  });
}, 240_000);

afterAll(async () => {
  await cluster?.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Keys of Kafka's murmur2 test vectors: of two partitions, "foobar" belongs to 0 and "abc" to 1. */
const keys = ['foobar', 'abc'] as const;
const message = (topic: string, partition: 0 | 1, value: string): KafkaMessage => ({
  topic,
  key: keys[partition],
  value: Buffer.from(value),
  headers: {},
});

/** A topic whose partition 0 is led by the first broker and partition 1 by the second; both brokers hold both. */
async function topicOnBoth(topic: string): Promise<string> {
  await cluster.createTopic({
    topic,
    replicas: [
      [1, 2],
      [2, 1],
    ],
  });
  return topic;
}

/** A producer, ours or a planted one, that has sent a message to each partition. */
async function warmedUp<P extends Pick<Producer, 'send'>>(producer: P, topic: string): Promise<P> {
  await eventually(() => producer.send([message(topic, 0, 'first'), message(topic, 1, 'first')]));
  return producer;
}

/** From here on a produce request to the second broker is held back until partition 1 has moved to the first. */
function moveLeaderDuringSend(tap: Tap, topic: string): void {
  tap.holdProduce(secondBroker().port, () => cluster.moveLeader({ topic, partition: 1, to: 1 }));
}

function secondBroker(): RunningKafka['nodes'][number] {
  const [, second] = cluster.nodes;
  if (!second) throw new Error('there is no second broker');
  return second;
}

/** The values in a partition, in order, without those of {@link warmedUp}, which may have gone twice. */
async function valuesOf(topic: string, partition: number): Promise<string[]> {
  const logged = await readTopic(cluster.brokers, topic);
  const values = logged.filter((one) => one.partition === partition).map(({ value }) => value);
  return values.filter((value) => value !== 'first');
}

describe('when the leader of a partition moves during a send', () => {
  it('the send is rejected, and repeated it arrives: nothing is lost', async () => {
    const topic = await topicOnBoth('ours');
    const tap = tapSockets();
    const kafka = { brokers: cluster.brokers, clientId: 'spec' };
    await using producer = openProducer({ kafka, socketFactory: tap.socketFactory });
    await warmedUp(producer, topic);
    moveLeaderDuringSend(tap, topic);
    const batch = [message(topic, 0, 'a'), message(topic, 1, 'b')];

    await expect(producer.send(batch)).rejects.toMatchObject({
      code: 'NOT_LEADER_FOR_PARTITION',
      verdict: 'retry',
    });
    await producer.send(batch);
    expect(await valuesOf(topic, 0)).toEqual(['a', 'a']);
    expect(await valuesOf(topic, 1)).toEqual(['b']);
  });

  it('planted fault: with kafkajs’s own retries the send resolves, and a message is in no log', async () => {
    const topic = await topicOnBoth('planted');
    const tap = tapSockets();
    await using producer = await plantedProducer('retries', { brokers: cluster.brokers, ...tap });
    await warmedUp(producer, topic);
    moveLeaderDuringSend(tap, topic);

    await producer.send([message(topic, 0, 'a'), message(topic, 1, 'b')]); // resolves
    expect(await valuesOf(topic, 0)).toEqual(['a']);
    expect(await valuesOf(topic, 1)).toEqual([]);
  });
});

describe('when a broker dies', () => {
  it('a producer that repeats and a consumer that subscribes again lose nothing', async () => {
    const topic = await topicOnBoth('survives');
    const kafka = { brokers: cluster.brokers, clientId: 'spec' };
    const stop = new AbortController();
    const seen = new Set<string>();
    const consumed = lastValueFrom(
      messages$({ kafka, groupId: 'broker-dies', topics: [topic], signal: stop.signal }).pipe(
        retry({ delay: 200 }),
        tap((consumed) => {
          seen.add(consumed.value.toString());
          consumed.ack();
        }),
      ),
      { defaultValue: null },
    );
    await using producer = openProducer({ kafka });
    const deliver = async (name: string) => {
      const batch = [message(topic, 0, `${name}0`), message(topic, 1, `${name}1`)];
      await eventually(() => producer.send(batch), { timeoutMs: 60_000, everyMs: 100 });
    };
    await deliver('a');
    await eventually(() => expect(seen).toEqual(new Set(['a0', 'a1'])));
    await secondBroker().kill();
    await deliver('b');
    await eventually(() => expect(seen).toEqual(new Set(['a0', 'a1', 'b0', 'b1'])), { timeoutMs: 80_000 });
    stop.abort();
    await consumed;
  }, 240_000);
});
