import { describe, expect, it } from '@jest/globals';
import { ensureTopics } from '@payments/kafka';
import { eventually, tcpProxy, testServers, throwAwayTopic } from '@payments/testing';
import { randomUUID } from 'node:crypto';
import { warnOfRetention } from './warn-of-retention.ts';

const brokers = testServers().kafkaBrokers;
const hour = 3_600_000;

/** Asks about a topic of such a retention; the fields of the warnings. */
async function warnings(topicRetention: string, inboxHours: number): Promise<object[]> {
  await using made = await throwAwayTopic('spec', {
    partitions: 1,
    config: { 'retention.ms': topicRetention },
  });
  const lines: object[] = [];
  await warnOfRetention({
    kafka: { brokers, clientId: 'spec' },
    topic: made.topic,
    retentionMs: inboxHours * hour,
    stop: new AbortController().signal,
    log: { warn: (fields: object) => lines.push(fields) } as never,
  });
  return lines;
}

describe('the notifier', () => {
  it('warns of a topic that keeps messages for as long as the inbox remembers them', async () => {
    const said = (topicHours: unknown) => [expect.objectContaining({ topicHours, inboxHours: 2 })];
    expect(await warnings(String(2 * hour), 2)).toEqual(said(2));
    expect(await warnings('-1', 2)).toEqual(said('for ever'));
    expect(await warnings(String(2 * hour - 1), 2)).toEqual([]);
  });

  it('waits for Kafka and for the topic before it says so', async () => {
    await using proxy = await tcpProxy({ target: brokers[0] ?? '' });
    await proxy.refuse();
    const topic = `spec-${randomUUID()}`;
    const lines: object[] = [];
    const warned = warnOfRetention({
      kafka: { brokers: [proxy.address], clientId: 'spec' },
      topic,
      retentionMs: hour,
      stop: new AbortController().signal,
      log: { warn: (fields: object) => lines.push(fields) } as never,
    });
    await proxy.accept();
    await ensureTopics({ kafka: { brokers, clientId: 'spec' }, topics: [{ topic, partitions: 1 }] });
    await warned;
    expect(lines).toEqual([expect.objectContaining({ topic, topicHours: 168 })]);
  });

  it('asks no more after a stop', async () => {
    await using proxy = await tcpProxy({ target: brokers[0] ?? '' });
    await proxy.refuse();
    const stopping = new AbortController();
    const asking = warnOfRetention({
      kafka: { brokers: [proxy.address], clientId: 'spec' },
      retentionMs: hour,
      stop: stopping.signal,
      log: { warn: () => undefined } as never,
    });
    stopping.abort();
    await eventually(() => asking);
  });
});
