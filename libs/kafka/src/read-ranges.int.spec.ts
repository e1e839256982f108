import { randomUUID } from 'node:crypto';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import kafkajs from 'kafkajs';
import { lastValueFrom, take, toArray } from 'rxjs';

import {
  committedBy,
  consumer,
  fill,
  kafka,
  membersOf,
  newGroup,
  stopConsumers,
  upTo,
} from './consuming.fixture.ts';
import { ledTopic } from './led-topic.fixture.ts';
import { readOffsets } from './read-offsets.ts';
import { readRanges$ } from './read-ranges.ts';
import type { ReadRangesOptions } from './read-ranges.ts';
import { silentBroker } from './silent-broker.fixture.ts';

afterEach(stopConsumers);

const groupId = () => `reader-${randomUUID()}`;
const range = (from: number, until: number, partition = 0) => ({
  partition,
  from: BigInt(from),
  until: BigInt(until),
});

async function texts(options: Pick<ReadRangesOptions, 'topic' | 'ranges'> & Partial<ReadRangesOptions>) {
  const read$ = readRanges$({ kafka, groupId: groupId(), ...options });
  const messages = await lastValueFrom(read$.pipe(toArray()));
  return messages.map(({ value }) => value.toString());
}

describe('the messages of ranges of offsets', () => {
  it('are read up to their end and no further', async () => {
    await using made = await ledTopic(1);
    const { topic } = made;
    await fill(topic, upTo(500));
    expect(await texts({ topic, ranges: [range(0, 500)] })).toEqual(upTo(500));
    expect(await texts({ topic, ranges: [range(497, 500)] })).toEqual(['m497', 'm498', 'm499']);
    const some = [range(3, 5), range(250, 251), range(499, 500)];
    expect(await texts({ topic, ranges: some })).toEqual(['m3', 'm4', 'm250', 'm499']);
  });

  it('are read of the partitions that were asked for', async () => {
    await using made = await ledTopic();
    const { topic } = made;
    for (const key of ['a', 'b', 'c', 'd']) await fill(topic, [`${key}-0`, `${key}-1`], key);
    const filled = (await readOffsets({ kafka, topic, groupId: groupId() }))?.filter(({ high }) => high > 0n);
    const ranges = (filled ?? []).slice(1).map(({ partition }) => range(0, 1, partition));
    const read = await texts({ topic, ranges });
    expect(read).toHaveLength(ranges.length);
    expect(ranges.length).toBeGreaterThan(0);
    expect(read.every((text) => text.endsWith('-0'))).toBe(true);
  });

  it('are none, at once and without a broker, where there is nothing to read', async () => {
    const away = { brokers: ['127.0.0.1:1'], clientId: 'spec' };
    expect(await texts({ kafka: away, topic: 'any', ranges: [] })).toEqual([]);
    expect(await texts({ kafka: away, topic: 'any', ranges: [range(7, 7)] })).toEqual([]);
  });

  it('are passed over where they are gone, at the end of a range too', async () => {
    await using made = await ledTopic(1);
    const { topic } = made;
    await fill(topic, upTo(6));
    await deleteBefore(topic, 3);
    expect(await texts({ topic, ranges: [range(0, 2), range(4, 5), range(6, 9)] })).toEqual(['m4']);
  });

  it('fail with what is wrong when Kafka is away, or says nothing', async () => {
    const away = { brokers: ['127.0.0.1:1'], clientId: 'spec' };
    const read = texts({ kafka: away, topic: 'any', ranges: [range(0, 1)] });
    await expect(read).rejects.toMatchObject({ code: 'KafkaJSConnectionError', retriable: true });
    await using broker = await silentBroker();
    const silent = { brokers: [broker.address], clientId: 'spec' };
    const stalled = texts({ kafka: silent, topic: 'any', ranges: [range(0, 1)], idleMs: 300 });
    await expect(stalled).rejects.toMatchObject({ code: 'READ_STALLED', retriable: true });
  });

  it('leave no member and no offsets of their group', async () => {
    await using made = await ledTopic(1);
    await fill(made.topic, upTo(3));
    const group = groupId();
    const read$ = readRanges$({ kafka, topic: made.topic, groupId: group, ranges: [range(0, 3)] });
    await lastValueFrom(read$.pipe(take(1)));
    await eventually(async () => expect(await membersOf(group)).toEqual([]));
    expect(await committedBy(group, made.topic)).toEqual([]);
  });
});

describe('the offsets of a topic', () => {
  it('tell where its messages lie and where a group goes on', async () => {
    await using made = await ledTopic(1);
    const { topic } = made;
    const group = newGroup(topic);
    await fill(topic, upTo(5));
    const offsets = () => readOffsets({ kafka, topic, groupId: group.groupId });
    expect(await offsets()).toEqual([{ partition: 0, low: 0n, high: 5n, committed: undefined }]);
    const reader = consumer(group);
    await reader.has(5);
    reader.received.slice(0, 2).forEach((message) => message.ack());
    await reader.stop();
    expect(await committedBy(group.groupId, topic)).toEqual(['2']);
    await deleteBefore(topic, 1);
    expect(await offsets()).toEqual([{ partition: 0, low: 1n, high: 5n, committed: 2n }]);
  });

  it('are not there when the topic is not, which is not made by asking', async () => {
    const topic = `no-such-topic-${randomUUID()}`;
    expect(await readOffsets({ kafka, topic, groupId: groupId() })).toBeUndefined();
    expect(await readOffsets({ kafka, topic, groupId: groupId() })).toBeUndefined();
  });
});

async function deleteBefore(topic: string, offset: number): Promise<void> {
  await asAdmin(async (admin) => {
    // Without it the client does not know the topic's leader.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: `${offset}` }] });
  });
}

async function asAdmin<T>(ask: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ ...kafka, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return ask(admin).finally(() => admin.disconnect());
}
