import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';

import { consumer, fill, newGroup, stopConsumers, upTo } from './consuming.fixture.ts';
import { ledTopic } from './led-topic.fixture.ts';

afterEach(stopConsumers);

describe('the messages of a topic', () => {
  it('come from the beginning, with all that was sent', async () => {
    await using made = await ledTopic();
    await fill(made.topic, ['안녕'], '예약-1');
    const reader = consumer(newGroup(made.topic));
    await reader.has(1);
    const [message] = reader.received;
    expect(message).toMatchObject({
      topic: made.topic,
      offset: '0',
      key: '예약-1',
      headers: { ce_id: '안녕' },
    });
    expect(message?.value.toString()).toBe('안녕');
    expect(Math.abs(Date.now() - Number(message?.timestamp))).toBeLessThan(60_000);
    message?.ack();
    await reader.stop();
  });

  it('come again after a restart unless they were acked', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(6));
    const first = consumer(group);
    await first.has(6);
    first.received.slice(0, 4).forEach((message) => message.ack());
    await first.stop();

    const second = consumer(group);
    await second.has(2);
    expect(second.texts()).toEqual(['m4', 'm5']);
    second.received.forEach((message) => message.ack());
    await second.stop();
  });

  it('come again from the first one that was not acked', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(4));
    const first = consumer(group);
    await first.has(4);
    for (const index of [0, 2, 3]) first.received[index]?.ack();
    await first.stop();

    const second = consumer(group);
    await second.has(3);
    expect(second.texts()).toEqual(['m1', 'm2', 'm3']);
  });

  it('are all acked before the stream completes, when it is told to stop', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(2));
    const first = consumer({ ...group, drainTimeoutMs: 30_000 });
    await first.has(2);
    const stopped = first.stop();
    setTimeout(() => first.received.forEach((message) => message.ack()), 200);
    await stopped;

    await fill(made.topic, ['new']);
    const second = consumer(group);
    await second.has(1);
    expect(second.texts()).toEqual(['new']);
  });

  it('need not be waited for, when they are left', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(2));
    const first = consumer({ ...group, drainTimeoutMs: 50_000 });
    await first.has(2);
    first.received[0]?.ack();
    first.received[1]?.leave();
    const startedAt = performance.now();
    await first.stop();
    expect(performance.now() - startedAt).toBeLessThan(30_000);

    const second = consumer(group);
    await second.has(1);
    expect(second.texts()).toEqual(['m1']);
  });
});

describe('a second member of the group', () => {
  it('takes partitions over; nothing is lost, and what was acked does not come again', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    const keys = Array.from({ length: 24 }, (_, index) => `r-${index}`);
    for (const key of keys) await fill(made.topic, [`${key}/acked`], key);
    const first = consumer({ ...group, commitIntervalMs: 60_000 });
    await first.has(24);
    first.received.forEach((message) => message.ack());
    const revoked = first.received[0]?.revoked;

    const second = consumer(group);
    await eventually(() => expect([first.joined.at(-1), second.joined.at(-1)]).toEqual([6, 6]));
    expect(revoked?.aborted).toBe(true);
    for (const key of keys) await fill(made.topic, [`${key}/new`], key);
    await eventually(() => expect(first.received.length + second.received.length).toBe(48));
    const fresh = [...first.texts().slice(24), ...second.texts()];
    expect(fresh.sort()).toEqual(keys.map((key) => `${key}/new`).sort());
  });
});
