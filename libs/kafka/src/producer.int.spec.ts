import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';
import { testServers } from '@payments/testing';

import { ledTopic } from './led-topic.fixture.ts';
import type { KafkaMessage, Producer } from './producer.ts';
import { openProducer } from './producer.ts';
import { readTopic, valuesIn } from './read-topic.fixture.ts';
import { tapSockets } from './tapped-sockets.fixture.ts';

const { kafkaBrokers: brokers } = testServers();
const kafka = { brokers, clientId: 'producer-spec' };

const message = (topic: string, key: string, value: string | Buffer = key): KafkaMessage => ({
  topic,
  key,
  value: Buffer.from(value),
  headers: { ce_id: `id of ${key}` },
});

/** Sends again what was too large, as a relay does. @returns how often it was refused */
async function sendUntilTaken(producer: Producer, messages: KafkaMessage[]): Promise<number> {
  for (let refusals = 0; refusals < 20; refusals += 1) {
    const code = await producer.send(messages).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );
    if (code === 'taken') return refusals;
    expect(code).toBe('MESSAGE_TOO_LARGE');
  }
  throw new Error('refused 20 times');
}

describe('a producer', () => {
  it('delivers messages with key and headers, each key’s in order', async () => {
    await using made = await ledTopic();
    await using producer = openProducer({ kafka });
    const keys = Array.from({ length: 40 }, (_, index) => `예약-${index % 8}`);
    const sent = keys.map((key, index) => message(made.topic, key, `${key}/${index}`));
    await producer.send(sent.slice(0, 20));
    await producer.send(sent.slice(20));

    const logged = await readTopic(brokers, made.topic);
    const valuesOf = (messages: readonly { key: string; value: unknown }[], wanted: string) =>
      messages.filter(({ key }) => key === wanted).map(({ value }) => String(value));
    for (const key of keys) expect(valuesOf(logged, key)).toEqual(valuesOf(sent, key));
    expect(logged).toHaveLength(40);
    expect(logged[0]?.headers).toEqual({ ce_id: `id of ${logged[0]?.key}` });
  });

  it('sends to several topics at once', async () => {
    await using one = await ledTopic();
    await using other = await ledTopic();
    await using producer = openProducer({ kafka });
    await producer.send([message(one.topic, 'a'), message(other.topic, 'b'), message(one.topic, 'c')]);
    expect((await valuesIn(brokers, one.topic)).sort()).toEqual(['a', 'c']);
    expect(await valuesIn(brokers, other.topic)).toEqual(['b']);
  });

  it('splits what is more than the broker takes for one partition', async () => {
    await using made = await ledTopic(1);
    await using producer = openProducer({ kafka });
    const sent = Array.from({ length: 5 }, (_, index) =>
      message(made.topic, 'k', `${index}`.repeat(900_000)),
    );
    await producer.send(sent);
    const values = await valuesIn(brokers, made.topic);
    expect(values.map((value) => value.slice(0, 1))).toEqual(['0', '1', '2', '3', '4']);
  });

  it('comes down to what a topic takes, each time that it is told that a request is too large', async () => {
    await using made = await ledTopic(1, { 'max.message.bytes': '100000' });
    await using producer = openProducer({ kafka });
    const sent = Array.from({ length: 300 }, (_, index) =>
      message(made.topic, 'k', `${index}`.padEnd(1_000)),
    );
    // From a million bytes to 250,000, where there are two requests, 125,000 and 62,500.
    expect(await sendUntilTaken(producer, sent)).toBe(3);
    const values = (await valuesIn(brokers, made.topic)).map((value) => value.trim());
    expect(values).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`));
  });

  it('comes down also beside a large message of another topic', async () => {
    await using small = await ledTopic(1, { 'max.message.bytes': '100000' });
    await using large = await ledTopic(1);
    await using producer = openProducer({ kafka });
    const sent = [
      message(large.topic, 'k', 'x'.repeat(900_000)),
      ...Array.from({ length: 10 }, (_, index) => message(small.topic, 'k', `${index}`.padEnd(60_000))),
    ];
    await sendUntilTaken(producer, sent);
    expect((await valuesIn(brokers, small.topic)).map((value) => value.trim())).toEqual([...'0123456789']);
  });

  it('does not come down because of a message that no smaller request would save', async () => {
    await using made = await ledTopic(1);
    await using strict = await ledTopic(1, { 'max.message.bytes': '1000' });
    const tap = tapSockets();
    await using producer = openProducer({ kafka, socketFactory: tap.socketFactory });
    const sent = Array.from({ length: 100 }, () => message(made.topic, 'k', 'x'.repeat(5_000)));
    await expect(
      sendUntilTaken(producer, [...sent, message(strict.topic, 'k', 'x'.repeat(5_000))]),
    ).rejects.toThrow('refused 20 times');
    await expect(sendUntilTaken(producer, [message(strict.topic, 'k', 'x'.repeat(5_000))])).rejects.toThrow(
      'refused 20 times',
    );
    await producer.send(sent.slice(0, 1));
    const before = tap.produced().length;
    await producer.send(sent);
    expect(tap.produced().length - before).toBe(1);
  });

  it('names a message that is too large', async () => {
    await using made = await ledTopic();
    await using producer = openProducer({ kafka });
    await expect(producer.send([message(made.topic, 'k', Buffer.alloc(2_000_000))])).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      verdict: 'park-message',
    });
  });

  it('does not create a topic', async () => {
    await using producer = openProducer({ kafka });
    const send = () => producer.send([message('no-such-topic', 'k')]);
    await expect(send()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', verdict: 'park-topic' });
    await expect(send()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });

  it('refuses a second send beside one', async () => {
    await using made = await ledTopic();
    await using producer = openProducer({ kafka });
    const first = producer.send([message(made.topic, 'a')]);
    await expect(producer.send([message(made.topic, 'b')])).rejects.toMatchObject({ code: 'SEND_UNDER_WAY' });
    await first;
    expect(await valuesIn(brokers, made.topic)).toEqual(['a']);
  });

  it('says that no broker is there, and finds it when it is', async () => {
    await using away = openProducer({ kafka: { brokers: ['127.0.0.1:1'], clientId: 'producer-spec' } });
    await expect(away.check()).rejects.toMatchObject({ code: 'KafkaJSConnectionError', retriable: true });
    await using there = openProducer({
      kafka: { brokers: ['127.0.0.1:1', ...brokers], clientId: 'producer-spec' },
    });
    await expect(there.check()).resolves.toBeUndefined();
  });
});

describe('a producer whose broker does not answer', () => {
  /** A producer that has sent one message; from then on no reply to a produce request arrives. */
  async function unanswered(topic: string) {
    const tap = tapSockets();
    // It bounds connecting and the sends that are answered as well, on a busy machine too.
    const producer = openProducer({ kafka, socketFactory: tap.socketFactory, sendTimeoutMs: 5_000 });
    await producer.send([message(topic, 'k', 'before')]);
    return { tap, producer, swallowed: tap.swallowReplies() };
  }

  it('gives the send up in time, and sends the next one over a new connection', async () => {
    await using made = await ledTopic();
    const { tap, producer, swallowed } = await unanswered(made.topic);
    await using _ = producer;
    const opened = tap.opened();
    const startedAt = performance.now();
    await expect(producer.send([message(made.topic, 'k', 'unanswered')])).rejects.toMatchObject({
      // kafkajs gives a single request as long, and on a busy machine it is sometimes the first to say so.
      code: expect.stringMatching(/^(SEND_TIMED_OUT|KafkaJSRequestTimeoutError)$/) as unknown,
      retriable: true,
    });
    // Well before the 30 s that a send has when nothing is said.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    await swallowed.one; // so it is in the log before the next one

    swallowed.stop();
    await producer.send([message(made.topic, 'k', 'after')]);
    expect(tap.opened()).toBeGreaterThan(opened);
    expect(await valuesIn(brokers, made.topic)).toEqual(['before', 'unanswered', 'after']);
  });

  it('gives a send up whose requests are each answered in time, but not all of them together', async () => {
    await using made = await ledTopic();
    const tap = tapSockets();
    await using producer = openProducer({
      kafka,
      socketFactory: tap.socketFactory,
      sendTimeoutMs: 5_000,
      maxPartitionBytes: 1,
    });
    await producer.send([message(made.topic, 'k', 'before')]);
    const port = Number(brokers[0]?.split(':')[1]);
    const slow = async () => {
      tap.holdProduce(port, slow);
      await pause(1_500);
    };
    tap.holdProduce(port, slow);
    const before = tap.produced().length;
    const eight = Array.from({ length: 8 }, (_, index) => message(made.topic, 'k', `${index}`));
    await expect(producer.send(eight)).rejects.toMatchObject({ code: 'SEND_TIMED_OUT', retriable: true });
    expect(tap.produced().length - before).toBeGreaterThan(1);
  });

  it('gives the send up when told to', async () => {
    await using made = await ledTopic();
    const { producer } = await unanswered(made.topic);
    await using _ = producer;
    const stop = new AbortController();
    const sent = producer.send([message(made.topic, 'k', 'given up')], stop.signal);
    stop.abort();
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
