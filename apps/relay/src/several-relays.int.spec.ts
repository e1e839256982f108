import { describe, expect, it } from '@jest/globals';
import { openProducer } from '@payments/kafka';
import type { Producer } from '@payments/kafka';
import { eventually, freePort, throwAwayTopic } from '@payments/testing';

import { relaying, textsByKey } from './relaying.fixture.ts';

const keys = Array.from({ length: 20 }, (_, index) => `r-${index}`);

/** One message of each key. */
const turn = (text: string) => keys.map((key) => ({ key, text }));

/** The lanes a relay says it owns. */
const lanesOf = (relay: { lines: string[] }): number =>
  relay.lines.findLast((line) => line.startsWith('owns lanes'))?.split(',').length ?? 0;

/** A producer whose way to Kafka can be cut: after that it knocks at a port where nobody listens. */
async function cuttable() {
  const nowhere = openProducer({ kafka: { brokers: [`127.0.0.1:${await freePort()}`], clientId: 'spec' } });
  let isCut = false;
  return {
    cut: (cut: boolean) => (isCut = cut),
    wrap: (producer: Producer): Producer => ({
      send: (...args) => (isCut ? nowhere : producer).send(...args),
      check: (...args) => (isCut ? nowhere : producer).check(...args),
      [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
    }),
  };
}

describe('several relays', () => {
  it('share the work, and one takes over all of it when the other stops', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const first = outbox.start({ RELAY_POLL_MS: '20' });
    const second = outbox.start({ RELAY_POLL_MS: '20' });
    await eventually(() => expect([lanesOf(first), lanesOf(second)]).toEqual([8, 8]));
    await outbox.append(made.topic, turn('1'));
    await eventually(() => expect(first.published() + second.published()).toBe(20));
    expect(Math.min(first.published(), second.published())).toBeGreaterThan(0);
    await first.stop();
    const before = second.published();
    await outbox.append(made.topic, turn('2'));
    await eventually(() => expect(second.published()).toBe(before + 20));
    expect(textsByKey(await outbox.read(made.topic, 40))).toEqual(
      Object.fromEntries(keys.map((key) => [key, ['1', '2']])),
    );
  });

  it('take over from one that alone cannot reach Kafka, and share with it again when it can', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const way = await cuttable();
    const first = outbox.start({ RELAY_POLL_MS: '20', RELAY_BACKOFF_MAX_MS: '500' }, way.wrap);
    const second = outbox.start({ RELAY_POLL_MS: '20' });
    await eventually(() => expect([lanesOf(first), lanesOf(second)]).toEqual([8, 8]));
    await outbox.append(made.topic, turn('1'));
    await eventually(() => expect(first.published() + second.published()).toBe(20));
    way.cut(true);
    await outbox.append(made.topic, turn('2'));
    await eventually(() => expect(first.published() + second.published()).toBe(40));
    expect(first.lines).toContain('leaves its lanes to other relays');
    expect(lanesOf(second)).toBe(16);
    expect(first.missing()).toHaveProperty('kafka');
    way.cut(false);
    await eventually(() => expect([lanesOf(first), lanesOf(second)]).toEqual([8, 8]));
    await outbox.append(made.topic, turn('3'));
    await eventually(() => expect(first.published() + second.published()).toBe(60));
    expect(textsByKey(await outbox.readFirsts(made.topic, 60))).toEqual(
      Object.fromEntries(keys.map((key) => [key, ['1', '2', '3']])),
    );
    expect(first.missing()).toEqual({});
  });

  it('keep their lanes while none of them reaches Kafka, and lose nothing', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    const ways = [await cuttable(), await cuttable()] as const;
    const env = { RELAY_POLL_MS: '20', RELAY_BACKOFF_MAX_MS: '300' };
    const relays = ways.map(({ wrap }) => outbox.start(env, wrap));
    await eventually(() => expect(relays.map(lanesOf)).toEqual([8, 8]));
    for (const { cut } of ways) cut(true);
    await outbox.append(made.topic, turn('1'));
    await eventually(() =>
      expect(relays.flatMap(({ lines }) => lines)).toContain('leaves its lanes to other relays'),
    );
    await eventually(() => expect(Math.max(...relays.map(lanesOf))).toBe(16));
    for (const { cut } of ways) cut(false);
    await eventually(() => expect(relays.reduce((sum, relay) => sum + relay.published(), 0)).toBe(20));
    await eventually(() => expect(relays.map(lanesOf)).toEqual([8, 8]));
    expect(textsByKey(await outbox.readFirsts(made.topic, 20))).toEqual(
      Object.fromEntries(keys.map((key) => [key, ['1']])),
    );
  });
});
