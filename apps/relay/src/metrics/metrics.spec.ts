import { describe, expect, it } from '@jest/globals';
import { KafkaError } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import type { RelayMessage } from '@payments/outbox';

import { collectMetrics } from './collected-metrics.fixture.ts';
import { measurePublished } from './measure-published.ts';
import { measuredSend } from './measure-sends.ts';
import { observeOverdueSlots } from './observe-overdue-slots.ts';

const nowMs = 1_000_000_000;
const row = (topic: string, ageMs: number): RelayMessage => ({
  lane: 0,
  seq: 1n,
  id: 'id-1',
  topic,
  key: 'r-1',
  type: 'T',
  payload: Buffer.alloc(0),
  headers: {},
  createdAt: new Date(nowMs - ageMs),
});
const event = (topic: string): KafkaMessage => ({ topic, key: 'r-1', value: Buffer.alloc(0), headers: {} });
const operation = {
  'messaging.system.name': 'kafka',
  'messaging.operation.name': 'send',
  'messaging.operation.type': 'send',
};

describe('what Kafka acknowledged', () => {
  it('is counted and timed by topic, without what was refused', async () => {
    await using metrics = collectMetrics();
    const messages = [row('a', 2000), row('a', 500), row('b', 30), row('b', 9000)];
    const refused = messages[3] as RelayMessage;
    measurePublished(() => nowMs)({
      batch: { kind: 'LOG', messages },
      refusals: [{ message: refused, cause: 'MESSAGE', code: 'X', error: 'x' }],
      traced: new Map(),
    });
    expect(await metrics.seriesOf('outbox.published_messages')).toEqual([
      { labels: { topic: 'a' }, value: 2 },
      { labels: { topic: 'b' }, value: 1 },
    ]);
    expect(await metrics.seriesOf('outbox.commit_to_ack')).toEqual([
      { labels: { topic: 'a' }, value: { count: 2, sum: 2.5 } },
      { labels: { topic: 'b' }, value: { count: 1, sum: 0.03 } },
    ]);
  });

  it('took no time where the clock of the database is ahead', async () => {
    await using metrics = collectMetrics();
    const batch = { kind: 'LOG', messages: [row('a', -5000)] } as const;
    measurePublished(() => nowMs)({ batch, refusals: [], traced: new Map() });
    expect(await metrics.seriesOf('outbox.commit_to_ack')).toMatchObject([{ value: { count: 1, sum: 0 } }]);
  });

  it('is counted and not timed where it is a replay', async () => {
    await using metrics = collectMetrics();
    const batch = { kind: 'REPUBLISH', messages: [row('a', 86_400_000)] } as const;
    measurePublished(() => nowMs)({ batch, refusals: [], traced: new Map() });
    expect(await metrics.seriesOf('outbox.published_messages')).toHaveLength(1);
    expect(await metrics.seriesOf('outbox.commit_to_ack')).toEqual([]);
  });
});

describe('a send', () => {
  it('is timed as one, and its messages are counted by topic', async () => {
    await using metrics = collectMetrics();
    await measuredSend(() => Promise.resolve())([event('a'), event('b'), event('a')]);
    expect(await metrics.seriesOf('messaging.client.operation.duration')).toEqual([
      { labels: operation, value: { count: 1, sum: expect.any(Number) } },
    ]);
    expect(await metrics.seriesOf('messaging.client.sent.messages')).toEqual([
      { labels: { ...operation, 'messaging.destination.name': 'a' }, value: 2 },
      { labels: { ...operation, 'messaging.destination.name': 'b' }, value: 1 },
    ]);
  });

  it('is counted with the error where it fails, and still fails', async () => {
    await using metrics = collectMetrics();
    const error = new KafkaError('NOT_LEADER_FOR_PARTITION', 'moved');
    await expect(measuredSend(() => Promise.reject(error))([event('a')])).rejects.toBe(error);
    const labels = { ...operation, 'error.type': 'NOT_LEADER_FOR_PARTITION' };
    expect(await metrics.seriesOf('messaging.client.operation.duration')).toMatchObject([{ labels }]);
    expect(await metrics.seriesOf('messaging.client.sent.messages')).toMatchObject([{ labels, value: 1 }]);
  });
});

it('overdue slots are shown as they are when somebody asks, until nobody follows them', async () => {
  await using metrics = collectMetrics();
  let overdue = 0;
  const observed = observeOverdueSlots({ overdue: () => overdue });
  expect(await metrics.seriesOf('outbox.overdue_slots')).toEqual([{ labels: {}, value: 0 }]);
  overdue = 2;
  expect(await metrics.seriesOf('outbox.overdue_slots')).toEqual([{ labels: {}, value: 2 }]);
  observed[Symbol.dispose]();
  overdue = 5;
  expect(await metrics.seriesOf('outbox.overdue_slots')).toEqual([{ labels: {}, value: 2 }]);
});
