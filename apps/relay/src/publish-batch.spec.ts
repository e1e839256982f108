import { describe, expect, it } from '@jest/globals';
import type { Batch } from '@payments/outbox';

import { publishBatch } from './publish-batch.ts';

const row = (seq: bigint, topic = 'payment-event') => ({
  lane: 0,
  seq,
  id: `id-${seq}`,
  topic,
  key: 'r-1',
  type: 'T',
  payload: Buffer.from(`${seq}`),
  headers: {},
  createdAt: new Date(0),
});

/** A round over a batch, with what it did in order; `fails` names the step that throws. */
async function round(batch: Batch, fails?: string) {
  const did: string[] = [];
  const step = (name: string) => {
    did.push(name);
    return name === fails ? Promise.reject(new Error(`${name} failed`)) : Promise.resolve();
  };
  const result = await publishBatch({
    log: { nextBatch: () => Promise.resolve(batch), acknowledge: () => step('checkpoint') },
    prepareTopics: (topics) => step(`topics ${topics.join()}`),
    send: (messages) => step(`send ${messages.map(({ headers }) => headers['ce_id']).join()}`),
    idle: () => step('idle'),
  }).catch((error: unknown) => error);
  return { did, result };
}

describe('one round of the relay', () => {
  it('sends the whole batch, and then writes the checkpoint', async () => {
    const { did, result } = await round({ messages: [row(1n), row(2n), row(3n, 'other')], full: true });
    expect(did).toEqual(['topics payment-event,other', 'send id-1,id-2,id-3', 'checkpoint']);
    expect(result).toEqual({ published: 3, full: true });
  });

  it('writes no checkpoint when the send fails', async () => {
    const { did, result } = await round({ messages: [row(1n)], full: false }, 'send id-1');
    expect(did).toEqual(['topics payment-event', 'send id-1']);
    expect(result).toEqual(new Error('send id-1 failed'));
  });

  it('sends nothing when a topic cannot be had', async () => {
    const { did } = await round({ messages: [row(1n)], full: false }, 'topics payment-event');
    expect(did).toEqual(['topics payment-event']);
  });

  it('looks after Kafka when nothing waits', async () => {
    const { did, result } = await round({ messages: [], full: false });
    expect(did).toEqual(['idle']);
    expect(result).toEqual({ published: 0, full: false });
  });
});
