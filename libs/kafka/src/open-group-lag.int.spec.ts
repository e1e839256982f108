import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import kafkajs from 'kafkajs';

import { committedBy, consumer, fill, kafka, newGroup, stopConsumers, upTo } from './consuming.fixture.ts';
import { ledTopic } from './led-topic.fixture.ts';
import { openGroupLag } from './open-group-lag.ts';
import { silentBroker } from './silent-broker.fixture.ts';
import { connectSocket } from './sockets.ts';
import type { SocketFactory } from './sockets.ts';

afterEach(stopConsumers);

const timeoutMs = 15_000;

/** What lies behind, of the partitions where anything does. */
async function lagOf(groupId: string, topics: readonly string[]): Promise<Record<string, number>> {
  await using lag = openGroupLag({ kafka, groupId, topics, timeoutMs });
  const behind = (await lag.read()).filter((one) => one.lag > 0);
  return Object.fromEntries(behind.map((one) => [`${one.topic}/${one.partition}`, one.lag]));
}

/** Connections that are counted. */
function countingSockets() {
  const open = new Set<Socket>();
  let opened = 0;
  const socketFactory: SocketFactory = (options) => {
    const socket = connectSocket(options);
    opened += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    return socket;
  };
  return { socketFactory, open, opened: () => opened };
}

/** Deletes what lies before an offset of partition 0, as the retention does. */
async function deleteBefore(topic: string, offset: number): Promise<void> {
  const admin = new kafkajs.Kafka({ ...kafka, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    // It looks for the leader in what it knows already.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: `${offset}` }] });
  } finally {
    await admin.disconnect();
  }
}

describe('the lag of a group', () => {
  it('is all there is while the group has committed nothing, and what it has not committed after that', async () => {
    await using made = await ledTopic(2);
    const { topic } = made;
    const { groupId, topics } = newGroup(topic);
    await fill(topic, upTo(5));
    const [[partition = ''] = []] = Object.entries(await lagOf(groupId, topics));
    expect(await lagOf(groupId, topics)).toEqual({ [partition]: 5 });
    const reader = consumer({ groupId, topics });
    await reader.has(5);
    for (const message of reader.received.slice(0, 3)) message.ack();
    // The consumer lives and is stuck at the fourth.
    await eventually(async () => expect(await lagOf(groupId, topics)).toEqual({ [partition]: 2 }));
    await fill(topic, ['m5']);
    expect(await lagOf(groupId, topics)).toEqual({ [partition]: 3 });
    for (const message of reader.received) message.ack();
    await reader.has(6);
    reader.received[5]?.ack();
    await eventually(async () => expect(await lagOf(groupId, topics)).toEqual({}));
    await reader.stop();
    await fill(topic, ['m6']);
    expect(await lagOf(groupId, topics)).toEqual({ [partition]: 1 });
  });

  it('does not count what Kafka has deleted, whether the group had committed before it or nothing at all', async () => {
    await using made = await ledTopic(1);
    const { topic } = made;
    const { groupId, topics } = newGroup(topic);
    await fill(topic, upTo(5));
    const reader = consumer({ groupId, topics });
    await reader.has(5);
    reader.received[0]?.ack();
    await eventually(async () => expect(await committedBy(groupId, topic)).toEqual(['1']));
    await reader.stop();
    await deleteBefore(topic, 3);
    expect(await lagOf(groupId, topics)).toEqual({ [`${topic}/0`]: 2 });
    expect(await lagOf(`group-${randomUUID()}`, topics)).toEqual({ [`${topic}/0`]: 2 });
  });

  it('is told for every partition of the topics that are there, and makes none that is not', async () => {
    await using made = await ledTopic(3);
    const missing = `no-such-topic-${randomUUID()}`;
    await using lag = openGroupLag({
      ...{ kafka, timeoutMs, groupId: `group-${randomUUID()}` },
      topics: [missing, made.topic],
    });
    const none = [0, 1, 2].map((partition) => ({ topic: made.topic, partition, lag: 0 }));
    expect(await lag.read()).toEqual(none);
    expect(await lag.read()).toEqual(none);
  });

  it('is asked over connections that are kept, and closed at the end', async () => {
    await using made = await ledTopic(1);
    const { socketFactory, open, opened } = countingSockets();
    await using lag = openGroupLag({ kafka, timeoutMs, ...newGroup(made.topic), socketFactory });
    expect(opened()).toBe(0);
    await lag.read();
    const first = opened();
    await lag.read();
    expect(opened()).toBe(first);
    for (const socket of open) socket.destroy(new Error('cut'));
    await eventually(() => lag.read());
    expect(open.size).toBeGreaterThan(0);
    await lag[Symbol.asyncDispose]();
    await eventually(() => expect(open.size).toBe(0));
  });

  it('rejects, in bounded time, when nobody is there or nobody answers', async () => {
    await using silent = await silentBroker();
    for (const broker of ['127.0.0.1:1', silent.address]) {
      const away = { brokers: [broker], clientId: 'spec' };
      await using lag = openGroupLag({ kafka: away, timeoutMs: 500, ...newGroup('any') });
      await expect(lag.read()).rejects.toMatchObject({ name: 'KafkaError' });
      await eventually(() => expect(silent.connections()).toBe(0));
    }
  });
});
