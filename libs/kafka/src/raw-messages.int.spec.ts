import { randomBytes } from 'node:crypto';

import { afterEach, describe, expect, it } from '@jest/globals';
import { readWithKafkaConsole } from '@payments/testing';

import { consumer, kafka, newGroup, stopConsumers } from './consuming.fixture.ts';
import { ledTopic } from './led-topic.fixture.ts';
import { openProducer } from './producer.ts';
import type { RawRecord } from './raw-record.ts';

afterEach(stopConsumers);

const bytes = (text: string) => Buffer.from(text);
const header = (key: string, value: Buffer | null) => ({ key, value });

/** What no text form keeps, each under a value that names it. */
const odd: Record<string, RawRecord> = {
  bytes: {
    key: Buffer.from([0xff, 0, 0x80]),
    value: randomBytes(2000),
    headers: [header('h', randomBytes(500))],
  },
  nothing: { key: null, value: null, headers: [] },
  empty: { key: bytes(''), value: bytes(''), headers: [header('', bytes('')), header('h', null)] },
  repeated: {
    key: bytes('k'),
    value: bytes('v'),
    headers: [header('a', bytes('1')), header('b', null), header('a', bytes('2')), header('a', null)],
  },
  numbers: {
    key: bytes('k'),
    value: bytes('v'),
    headers: ['9', '10', '1'].map((key) => header(key, bytes(key))),
  },
  members: {
    key: bytes('k'),
    value: bytes('v'),
    headers: ['constructor', '__proto__', 'toString', '__proto__'].map((key) =>
      header(key, bytes(`of ${key}`)),
    ),
  },
  wide: { key: bytes('예약'), value: bytes('v'), headers: [header('안녕', bytes('안녕'))] },
};

async function sendAndRead(records: readonly RawRecord[], partitions = 1) {
  await using made = await ledTopic(partitions);
  await using producer = openProducer({ kafka });
  await producer.send(records.map((record) => ({ topic: made.topic, ...record })));
  const reader = consumer(newGroup(made.topic));
  await reader.has(records.length);
  await reader.stop();
  return reader.received;
}

describe('a message whose every byte is the caller’s', () => {
  it('is sent, and comes, as it is', async () => {
    const received = await sendAndRead(Object.values(odd));
    const raw = Object.keys(odd).map((name, index) => [name, received[index]?.raw]);
    expect(Object.fromEntries(raw)).toEqual(odd);
  });

  it('is to Kafka’s own consumer what it is to us', async () => {
    await using made = await ledTopic(1);
    await using producer = openProducer({ kafka });
    const records = Object.values(odd);
    await producer.send(records.map((record) => ({ topic: made.topic, ...record })));
    const { topic } = made;
    const read = await readWithKafkaConsole({ brokers: kafka.brokers, topic, count: records.length });
    const raw = read.map(({ key, value, headers }) => ({
      key,
      value,
      headers: headers.map(({ name, value: of }) => header(name, of)),
    }));
    expect(raw).toEqual(records);
  });

  it('comes in texts as well: an absent key or value is empty, and of repeated headers the last one counts', async () => {
    const { nothing, repeated, members } = odd;
    const [one, two, three] = await sendAndRead([nothing, repeated, members] as RawRecord[]);
    expect(one).toMatchObject({ key: '', value: Buffer.alloc(0), headers: {} });
    expect(two).toMatchObject({ key: 'k', value: bytes('v'), headers: {} });
    expect(Object.entries(three?.headers ?? {}).sort()).toEqual([
      ['__proto__', 'of __proto__'],
      ['constructor', 'of constructor'],
      ['toString', 'of toString'],
    ]);
  });

  it('goes to the partition of its key’s bytes, as Java has it', async () => {
    // Hashes of Kafka's own UtilsTest: murmur2 of "foobar" is -790332482, of "abc" 479470107, of "21" -973932308.
    const record = (key: string) => ({ key: bytes(key), value: null, headers: [] });
    const received = await sendAndRead(['foobar', 'abc', '21'].map(record), 12);
    const places = received.map(({ key, partition }) => [key, partition]);
    expect(places.sort()).toEqual([
      ['21', 0],
      ['abc', 3],
      ['foobar', 6],
    ]);
  });

  it('may have 20,000 headers, and takes no longer for it than its bytes do', async () => {
    const headers = Array.from({ length: 20_000 }, (_, index) => header(`h-${index}`, bytes('x')));
    const startedAt = performance.now();
    const [received] = await sendAndRead([{ key: null, value: null, headers }]);
    expect(received?.raw.headers).toEqual(headers);
    // Each header copied all of those before it: that took minutes.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it('is split into requests that the broker takes, with a key and without, beside text', async () => {
    await using made = await ledTopic();
    await using producer = openProducer({ kafka });
    const large = {
      topic: made.topic,
      value: Buffer.alloc(400_000),
      headers: [header('h', Buffer.alloc(300_000))],
    };
    const sent = Array.from({ length: 6 }, (_, index) => ({ ...large, key: index % 2 ? bytes('k') : null }));
    const text = { topic: made.topic, key: 'k', value: Buffer.alloc(0), headers: { h: 'text' } };
    // The partitions of a topic are known from the first send on.
    await producer.send([text]);
    await producer.send([...sent, text]);
    const reader = consumer(newGroup(made.topic));
    await reader.has(8);
    expect(reader.received.filter(({ raw }) => raw.key === null)).toHaveLength(3);
    await reader.stop();
  });
});
