import { randomUUID } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { KafkaError, ensureTopics } from '@payments/kafka';
import type { Producer } from '@payments/kafka';
import { readRequests, requestDiscard, requestRelease } from '@payments/outbox';
import { eventually, testServers, throwAwayTopic } from '@payments/testing';

import { relaying, textsByKey } from './relaying.fixture.ts';

type Outbox = Awaited<ReturnType<typeof relaying>>;

/** Messages of one topic that may not be written, beside others: `npm test` takes few, a proof 100,000. */
const lostMessages = Number(process.env['PARKING_LOST_MESSAGES'] ?? 5000);

/** What is parked of a key, in order: text and state. */
async function parkedOf(outbox: Outbox, key: string): Promise<string[]> {
  const { rows } = await outbox.client.query<{ line: string }>(
    `select concat_ws(' ', left(convert_from(payload, 'UTF8'), 10), cause, state) as line from outbox.parked where key = $1 order by seq`,
    [key],
  );
  return rows.map(({ line }) => line);
}

const untilPublished = (outbox: Outbox, topic: string, count: number) =>
  eventually(async () => {
    const { rows } = await outbox.client.query<{ count: number }>(
      `select count(*)::integer as count from outbox.message_status where topic = $1 and status = 'PUBLISHED'`,
      [topic],
    );
    expect(rows[0]?.count).toBe(count);
  });

const untilFinished = (outbox: Outbox, numbers: number[]) =>
  eventually(async () => {
    const requests = await readRequests(outbox.client, numbers);
    expect(requests.filter(({ finishedAt }) => !finishedAt)).toEqual([]);
    return requests;
  });

/** From append to acknowledgement of each of so many messages of a topic, in ms, sorted; without those that were parked. */
async function latencies(outbox: Outbox, topic: string, count: number): Promise<number[]> {
  // The relay counts what it published before it writes the checkpoint, which is the time.
  await untilPublished(outbox, topic, count);
  const { rows } = await outbox.client.query<{ ms: number }>(
    `select extract(epoch from published_at - message_status.created_at)::double precision * 1000 as ms
       from outbox.message_status left join outbox.parked using (id)
      where message_status.topic = $1 and parked.id is null order by 1`,
    [topic],
  );
  return rows.map(({ ms }) => ms);
}
const quantile = (sorted: readonly number[], share: number) =>
  sorted[Math.floor(sorted.length * share)] ?? NaN;

/** How many messages are parked, or were. */
async function parkedCount(outbox: Outbox, topic: string): Promise<number> {
  const { rows } = await outbox.client.query<{ count: number }>(
    'select count(*)::integer as count from outbox.parked where topic = $1',
    [topic],
  );
  return rows[0]?.count ?? 0;
}

/**
 * 5,000 messages of 1,000 keys, 50 at a time, each after the one before is dealt with. The 10th time one of them is as
 * `poison` says. `beside` is done before each.
 */
async function fiveOfEach(
  { outbox, relay }: { outbox: Outbox; relay: ReturnType<Outbox['start']> },
  topic: string,
  options: { poison?: string; beside?: (count: number) => Promise<void> } = {},
): Promise<void> {
  const { poison, beside } = options;
  const before = relay.published();
  for (let count = 0; count < 100; count++) {
    const messages = Array.from({ length: 50 }, (_, index) => ({
      key: `k${(count * 50 + index) % 1000}`,
      text: poison !== undefined && count === 10 && index === 7 ? poison : `${Math.floor(count / 20)}`,
    }));
    await beside?.(count);
    await outbox.append(topic, messages);
    const all = before + (count + 1) * 50;
    await eventually(async () => expect(relay.published() + (await parkedCount(outbox, topic))).toBe(all), {
      everyMs: 5,
    });
  }
}

describe('a message that Kafka takes for too large', () => {
  it('is parked with what follows it; the other 999 keys are on time', async () => {
    await using plain = await throwAwayTopic();
    await using strict = await throwAwayTopic('spec', { config: { 'max.message.bytes': '50000' } });
    await using outbox = await relaying();
    const relay = outbox.start({ RELAY_POLL_MS: '5' });
    await relay.ready();
    await fiveOfEach({ outbox, relay }, plain.topic);
    await fiveOfEach({ outbox, relay }, strict.topic, { poison: 'x'.repeat(100_000) });
    const baseline = await latencies(outbox, plain.topic, 5000);
    const beside = await latencies(outbox, strict.topic, 4995);
    console.log(
      `append to checkpoint, ms: p99 ${quantile(baseline, 0.99).toFixed(0)} without poison, beside it ` +
        `p50 ${quantile(beside, 0.5).toFixed(0)}, p99 ${quantile(beside, 0.99).toFixed(0)}, max ${beside.at(-1)?.toFixed(0)}`,
    );
    // The batch with the poison in it is 1 % of all: the floor is what its search may take.
    expect(quantile(beside, 0.99)).toBeLessThan(Math.max(2 * quantile(baseline, 0.99), 1000));

    expect(await parkedOf(outbox, 'k507')).toEqual([
      'xxxxxxxxxx MESSAGE PARKED',
      ...['1', '2', '3', '4'].map((text) => `${text} FOLLOWS PARKED`),
    ]);
    expect(beside).toHaveLength(4995);
    const parked = relay.lines.filter((line) => line.startsWith('message parked'));
    expect(parked).toHaveLength(1);
    expect(parked[0]).toContain('MESSAGE_TOO_LARGE');

    // A release is refused again; given up, the rest of the key comes in order.
    const [first] = await untilFinished(outbox, await requestRelease(outbox.client, { key: 'k507' }));
    expect(first?.outcome).toContain('was refused again (MESSAGE_TOO_LARGE');
    const { rows } = await outbox.client.query<{ id: string }>(
      `select id from outbox.parked where cause = 'MESSAGE'`,
    );
    await untilFinished(outbox, await requestDiscard(outbox.client, { id: rows[0]?.id ?? '' }));
    const [second] = await untilFinished(outbox, await requestRelease(outbox.client, { key: 'k507' }));
    expect(second?.outcome).toBe('4 messages published.');
    await outbox.append(strict.topic, [{ key: 'k507', text: '5' }]);
    await eventually(() => expect(relay.published()).toBe(10_000));
    const delivered = textsByKey(await outbox.readFirsts(strict.topic, 5000));
    expect(delivered['k507']).toEqual(['1', '2', '3', '4', '5']);
    expect(delivered['k508']).toEqual(['0', '1', '2', '3', '4']);
  });

  it('is found in a full batch, in a topic that takes less than a request', async () => {
    await using strict = await throwAwayTopic('spec', {
      partitions: 1,
      config: { 'max.message.bytes': '50000' },
    });
    await using outbox = await relaying();
    const text = (index: number) => (index === 60 ? 'y'.repeat(60_000) : `${index}`.padEnd(10_000));
    const messages = Array.from({ length: 100 }, (_, index) => ({
      key: `k${index % 10}`,
      text: text(index),
    }));
    await outbox.append(strict.topic, messages);
    outbox.start({ RELAY_POLL_MS: '20' });
    await untilPublished(outbox, strict.topic, 96);
    expect(await parkedOf(outbox, 'k0')).toEqual([
      'yyyyyyyyyy MESSAGE PARKED',
      '70         FOLLOWS PARKED',
      '80         FOLLOWS PARKED',
      '90         FOLLOWS PARKED',
    ]);
    const delivered = textsByKey(await outbox.readFirsts(strict.topic, 96));
    expect(delivered['k1']?.map((one) => one.trim())).toEqual(
      Array.from({ length: 10 }, (_, tens) => `${tens === 0 ? '' : tens}1`),
    );
  });
});

describe('a parked key', () => {
  /** A producer that refuses requests with a `poison` in them, until it is mended. */
  const untilMended = () => {
    let mended = false;
    return {
      mend: () => (mended = true),
      wrap: (producer: Producer): Producer => ({
        ...producer,
        send: async (messages, signal) => {
          if (!mended && messages.some(({ value }) => Buffer.from(value ?? '').toString() === 'poison'))
            throw new KafkaError('INVALID_RECORD', 'poisoned');
          await producer.send(messages, signal);
        },
      }),
    };
  };

  it('arrives in order after its release, also when the relay is cut off between sending and settling it', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const kafka = untilMended();
    let cutsAt = Infinity;
    let cut = 0;
    const relay = outbox.start({ RELAY_POLL_MS: '20', RELAY_BATCH_SIZE: '3' }, (producer) => {
      const poisoned = kafka.wrap(producer);
      return {
        ...poisoned,
        send: async (messages, signal) => {
          await poisoned.send(messages, signal);
          if (messages.some(({ value }) => Number(Buffer.from(value ?? '').toString()) >= cutsAt)) {
            cutsAt = Infinity;
            cut += await outbox.cutRelay();
          }
        },
      };
    });
    const texts = ['0', 'poison', ...Array.from({ length: 10 }, (_, index) => `${index + 2}`)];
    await outbox.append(
      made.topic,
      texts.map((text) => ({ key: 'a', text })),
    );
    await eventually(async () => expect(await parkedOf(outbox, 'a')).toHaveLength(11));
    kafka.mend();
    cutsAt = 5;
    const [request] = await untilFinished(outbox, await requestRelease(outbox.client, { key: 'a' }));
    expect(cut).toBe(1);
    expect(request?.outcome).toBe('11 messages published.');
    await outbox.append(made.topic, [{ key: 'a', text: '12' }]);
    await untilPublished(outbox, made.topic, 13);
    expect(textsByKey(await outbox.readFirsts(made.topic, 13))).toEqual({ a: [...texts, '12'] });
    expect(relay.lines.join('\n')).toContain('is carried out: 11 messages published.');
  });
});

describe('a topic that may not be written', () => {
  it('leaves the others on time, and is released by itself when it can', async () => {
    await using plain = await throwAwayTopic();
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const lost = `spec-${randomUUID()}`;
    const relay = outbox.start({ RELAY_POLL_MS: '5', RELAY_CREATE_TOPICS: 'false' });
    await relay.ready();
    await fiveOfEach({ outbox, relay }, plain.topic);
    const baseline = await latencies(outbox, plain.topic, 5000);

    const numbers = Array.from({ length: lostMessages }, (_, index) => index);
    const appendLost = (some: readonly number[]) =>
      outbox.append(
        lost,
        some.map((number) => ({ key: `k${number % 100}`, text: `${number}` })),
      );
    // Half of them one after the other, between the others', and then half of them at once.
    const half = lostMessages / 2;
    const beforeOthers = (count: number) =>
      appendLost(numbers.slice((count * half) / 100, ((count + 1) * half) / 100));
    await fiveOfEach({ outbox, relay }, made.topic, { beside: beforeOthers });
    const startedAt = performance.now();
    await appendLost(numbers.slice(half));
    await eventually(async () => expect(await parkedCount(outbox, lost)).toBe(lostMessages));
    console.log(`parked ${half} messages within ${Math.round(performance.now() - startedAt)} ms`);
    const beside = await latencies(outbox, made.topic, 5000);
    console.log(
      `append to checkpoint, ms: p99 ${quantile(baseline, 0.99).toFixed(0)} without, ` +
        `p50 ${quantile(beside, 0.5).toFixed(0)}, p99 ${quantile(beside, 0.99).toFixed(0)} beside ${lostMessages} messages of a lost topic`,
    );
    expect(quantile(beside, 0.99)).toBeLessThan(Math.max(2 * quantile(baseline, 0.99), 1000));
    expect(relay.missing()).toEqual({});
    expect(relay.lines.filter((line) => line.startsWith('topic parked'))).toHaveLength(1);

    const kafka = { brokers: testServers().kafkaBrokers, clientId: 'spec' };
    const mendedAt = performance.now();
    await ensureTopics({ kafka, topics: [{ topic: lost, partitions: 3 }] });
    await eventually(
      async () => {
        const { rowCount } = await outbox.client.query(`select from outbox.parked where state = 'PARKED'`);
        expect(rowCount).toBe(0);
      },
      { timeoutMs: 40_000 + lostMessages },
    );
    console.log(
      `released ${lostMessages} messages in ${Math.round(performance.now() - mendedAt)} ms, the topic made included`,
    );
    const delivered = textsByKey(await outbox.readFirsts(lost, lostMessages));
    for (let key = 0; key < 100; key++)
      expect(delivered[`k${key}`]).toEqual(numbers.filter((number) => number % 100 === key).map(String));
    await eventually(() =>
      expect(relay.lines.join('\n')).toContain(`topic "${lost}" can be written to again`),
    );
  });

  it('is one with a name that Kafka does not allow: others go on', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    await outbox.append('no/topic', [{ key: 'a', text: '1' }]);
    await outbox.append(made.topic, [{ key: 'a', text: '2' }]);
    const relay = outbox.start({ RELAY_POLL_MS: '20' });
    await untilPublished(outbox, made.topic, 1);
    await outbox.append('no/topic', [{ key: 'a', text: '3' }]);
    await eventually(async () =>
      expect(await parkedOf(outbox, 'a')).toEqual(['1 TOPIC PARKED', '3 TOPIC PARKED']),
    );
    expect(relay.lines.filter((line) => line.startsWith('topic parked')).join()).toContain(
      'INVALID_TOPIC_EXCEPTION',
    );
  });
});
