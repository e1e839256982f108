import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { KafkaError, openProducer } from '@payments/kafka';
import type { Producer } from '@payments/kafka';
import { openWaker } from '@payments/outbox';
import { eventually, testServers, throwAwayTopic } from '@payments/testing';

import { relaying, textsByKey } from './relaying.fixture.ts';

const keys = Array.from({ length: 20 }, (_, index) => `예약-${index}`);

/** Messages `from` to `until` of each key, the keys taking turns. */
const turns = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, turn) =>
    keys.map((key) => ({ key, text: `${from + turn}` })),
  ).flat();
const counted = (until: number) =>
  Object.fromEntries(keys.map((key) => [key, Array.from({ length: until }, (_, index) => `${index}`)]));

describe('the relay', () => {
  it('publishes what was appended before it ever ran, and after, in commit order for each key', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    await outbox.append(made.topic, turns(0, 5));
    outbox.start({ RELAY_POLL_MS: '50' });
    await outbox.append(made.topic, turns(5, 10));
    expect(textsByKey(await outbox.readFirsts(made.topic, 200))).toEqual(counted(10));
  });

  it('tells what it publishes as a CloudEvent, with the id of the row', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    await outbox.client.query(`select outbox.append($1, 'r-1', 'Happened', '\\x0102', $2)`, [
      made.topic,
      { ce_source: '/spec', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    ]);
    outbox.start();
    const [message] = await outbox.read(made.topic, 1);
    const { rows } = await outbox.client.query<{ id: string; created_at: Date }>(
      'select id, created_at from outbox.message',
    );
    expect(message?.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: rows[0]?.id,
      ce_type: 'Happened',
      ce_time: rows[0]?.created_at.toISOString(),
      ce_source: '/spec',
      ce_subject: 'r-1',
      'content-type': 'application/octet-stream',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(message?.value).toEqual(Buffer.from([1, 2]));
  });

  it('publishes at once on a hint, however long the poll interval', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const relay = outbox.start({ RELAY_POLL_MS: '600000' });
    await relay.ready();
    await using waker = await openWaker({ databaseUrl: outbox.url });
    const latencies: number[] = [];
    for (let sent = 1; sent <= 20; sent += 1) {
      const startedAt = performance.now();
      await outbox.append(made.topic, [{ key: 'r-1', text: `${sent}` }]);
      waker.wake();
      await eventually(() => expect(relay.published()).toBe(sent), { everyMs: 1 });
      latencies.push(performance.now() - startedAt);
    }
    latencies.sort((a, b) => a - b);
    console.log(`from append to checkpoint on a hint: ${latencies[10]?.toFixed(1)} ms (median of 20)`);
    expect(latencies[10]).toBeLessThan(500);
  });

  it('finds by polling what no hint told', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const relay = outbox.start({ RELAY_POLL_MS: '100' });
    await relay.ready();
    await outbox.append(made.topic, turns(0, 1));
    await eventually(() => expect(relay.published()).toBe(20));
  });

  it('takes many batches for what does not fit into one, by rows and by bytes', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    await outbox.append(made.topic, turns(0, 5));
    const large = Array.from({ length: 8 }, (_, index) => ({
      key: 'large',
      text: `${index}`.repeat(900_000),
    }));
    await outbox.append(made.topic, large);
    outbox.start({ RELAY_BATCH_SIZE: '7', RELAY_BATCH_BYTES: '2000000' });
    const { large: texts, ...others } = textsByKey(await outbox.readFirsts(made.topic, 108));
    expect(others).toEqual(counted(5));
    expect(texts?.map((text) => text.slice(0, 1))).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  it('drains 10,000 messages, in order', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    await outbox.append(made.topic, turns(0, 500));
    const startedAt = performance.now();
    const relay = outbox.start();
    await eventually(() => expect(relay.published()).toBe(10_000), { everyMs: 5 });
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(
      `drained 10,000 messages in ${seconds.toFixed(2)} s: ${Math.round(10_000 / seconds)}/s, start included`,
    );
    expect(textsByKey(await outbox.readFirsts(made.topic, 10_000))).toEqual(counted(500));
  });

  it('finishes the batch it took when it is told to stop, and takes no other', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    await outbox.append(made.topic, turns(0, 5));
    const { promise: sending, resolve: isSending } = Promise.withResolvers<void>();
    const { promise: go, resolve: goOn } = Promise.withResolvers<void>();
    const relay = outbox.start({ RELAY_BATCH_SIZE: '40' }, (producer) => ({
      ...producer,
      send: async (messages, signal) => {
        isSending();
        await go;
        await producer.send(messages, signal);
      },
    }));
    await sending;
    const stopped = relay.stop();
    goOn();
    await stopped;
    const { rows } = await outbox.client.query(
      'select status, count(*)::integer from outbox.message_status group by 1 order by 1',
    );
    expect(rows).toEqual([
      { status: 'INIT', count: 60 },
      { status: 'PUBLISHED', count: 40 },
    ]);
  });
});

describe('the relay, when something fails', () => {
  /** A producer whose messages arrive, but whose first acknowledgements get lost. */
  const losingAcknowledgements = (times: number) => (producer: Producer) => {
    let lost = 0;
    return {
      ...producer,
      send: async (...args: Parameters<Producer['send']>) => {
        await producer.send(...args);
        if (lost++ < times) throw new KafkaError('NETWORK_EXCEPTION', 'the reply was lost');
      },
    };
  };

  it('sends the same batch again, before anything else', async () => {
    await using made = await throwAwayTopic('spec', { partitions: 1 });
    await using outbox = await relaying();
    const texts = ['a', 'b', 'c', 'd'];
    await outbox.append(
      made.topic,
      texts.map((text) => ({ key: 'r-1', text })),
    );
    outbox.start({ RELAY_BATCH_SIZE: '2' }, losingAcknowledgements(2));
    const read = await outbox.read(made.topic, 8);
    expect(read.map(({ value }) => value.toString())).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'c', 'd']);
    const ids = read.map(({ headers }) => headers['ce_id']);
    expect(ids.slice(0, 2)).toEqual(ids.slice(2, 4));
    expect(new Set(ids).size).toBe(4);
  });

  it('says so in one line for each attempt, is not ready meanwhile, and comes good by itself', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    let away = true;
    const relay = outbox.start({ RELAY_POLL_MS: '20' }, (producer) => ({
      ...producer,
      send: (...args) =>
        away ? Promise.reject(new KafkaError('KafkaJSConnectionError', 'refused')) : producer.send(...args),
    }));
    await relay.ready();
    await outbox.append(made.topic, turns(0, 1));
    await eventually(() =>
      expect(relay.lines.filter((line) => line.includes('kafka failed')).length).toBeGreaterThan(2),
    );
    expect(relay.missing()).toEqual({ kafka: 'refused' });
    const attempts = relay.lines.filter((line) => line.includes('kafka failed'));
    attempts.forEach((line, index) => expect(line).toContain(`"attempt":${index + 1}`));
    away = false;
    await eventually(() => expect(relay.published()).toBe(20));
    expect(relay.missing()).toEqual({});
    expect(relay.lines.at(-1)).toBe('ready');
  });

  it('opens a new session when its connection to PostgreSQL is cut, and publishes everything', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const relay = outbox.start({ RELAY_POLL_MS: '20', RELAY_BATCH_SIZE: '30' });
    await relay.ready();
    for (let cut = 0; cut < 3; cut += 1) {
      await outbox.append(made.topic, turns(cut * 5, cut * 5 + 5));
      await eventually(async () => expect(await outbox.cutRelay()).toBe(1));
      await eventually(() =>
        expect(relay.lines.filter((line) => line.includes('postgres failed')).length).toBeGreaterThan(cut),
      );
    }
    await eventually(async () => {
      const { rowCount } = await outbox.client.query(
        `select from outbox.message_status where status <> 'PUBLISHED'`,
      );
      expect(rowCount).toBe(0);
    });
    await eventually(() => expect(relay.missing()).toEqual({}));
    expect(textsByKey(await outbox.readFirsts(made.topic, 300))).toEqual(counted(15));
  });

  it('notices while Kafka is away that its session is lost, and holds on to nothing of it', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const relay = outbox.start({ RELAY_POLL_MS: '20', RELAY_BACKOFF_MAX_MS: '60000' }, (producer) => ({
      ...producer,
      send: () => Promise.reject(new KafkaError('KafkaJSConnectionError', 'refused')),
    }));
    await relay.ready();
    await outbox.append(made.topic, turns(0, 1));
    const failed = (part: string) => relay.lines.filter((line) => line.includes(`${part} failed`));
    // The seventh pause is one of 8 to 16 s: what comes before its end did not wait for it.
    await eventually(() => expect(failed('kafka')).toHaveLength(7));
    const { pauseMs } = /"pauseMs":(?<pauseMs>\d+)/.exec(failed('kafka')[6] as string)?.groups as {
      pauseMs: string;
    };
    const pausing = performance.now();
    expect(await outbox.cutRelay()).toBe(1);
    await eventually(() => expect(failed('postgres')).toHaveLength(1));
    expect(performance.now() - pausing).toBeLessThan(Number(pauseMs));
    // A new session, which reads the batch anew.
    const before = failed('kafka').length;
    await eventually(() => expect(failed('kafka').length).toBeGreaterThan(before));
    expect(await outbox.cutRelay()).toBe(1);
  });
});

describe('a topic that Kafka lacks', () => {
  it('is created, with 12 partitions', async () => {
    await using outbox = await relaying();
    const topic = `spec-${randomUUID()}`;
    await outbox.append(topic, turns(0, 1));
    const relay = outbox.start();
    // A reader that is there before the topic would end.
    await eventually(() => expect(relay.published()).toBe(20));
    expect(textsByKey(await outbox.readFirsts(topic, 20))).toEqual(counted(1));
  });

  it('does not hold up a stop, though the broker that is to create it is silent', async () => {
    await using outbox = await relaying();
    const asked = Promise.withResolvers<void>();
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined).on('data', () => asked.resolve());
    });
    await once(server.unref().listen(0, '127.0.0.1'), 'listening');
    const silent = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const producer = openProducer({ kafka: { brokers: testServers().kafkaBrokers, clientId: 'spec' } });
    await outbox.append(`spec-${randomUUID()}`, turns(0, 1));
    const relay = outbox.start({ KAFKA_BROKERS: silent }, () => producer);
    await asked.promise;
    const started = performance.now();
    await relay.stop();
    // A request has 15 s: it was not waited for.
    expect(performance.now() - started).toBeLessThan(12_000);
    expect(relay.published()).toBe(0);
    // Not one connection is left: the server could not close otherwise.
    await once(server.close(), 'close');
  });
});
