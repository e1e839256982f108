import { describe, expect, it } from '@jest/globals';
import { KafkaError } from '@payments/kafka';
import type { Batch, Refusal } from '@payments/outbox';

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

const batchOf = (batch: Partial<Batch>): Batch => ({
  kind: 'LOG',
  messages: [],
  followers: 0,
  full: false,
  ...batch,
});

/** A round over a batch, with what it did in order; `fails` names the step that throws. */
async function round(batch: Batch, options: { fails?: string; error?: Error; refused?: Refusal[] } = {}) {
  const { fails, error = new Error(`${fails} failed`), refused = [] } = options;
  const did: string[] = [];
  const step = (name: string) => {
    did.push(name);
    return name === fails ? Promise.reject(error) : Promise.resolve();
  };
  const result = await publishBatch({
    log: {
      nextBatch: () => Promise.resolve(batch),
      postpone: ({ kind }) => void did.push(`postpone ${kind}`),
      acknowledge: (_, refusals = []) => step(`checkpoint without ${refusals.length}`),
    },
    deliver: async ({ messages }) => {
      await step(`deliver ${messages.map(({ id }) => id).join()}`);
      return refused;
    },
    tell: (_, refusals) => void did.push(`tell ${refusals.length}`),
    idle: () => step('idle'),
  }).catch((error: unknown) => error);
  return { did, result };
}

describe('one round of the relay', () => {
  it('delivers the whole batch, and then writes the checkpoint', async () => {
    const { did, result } = await round(batchOf({ messages: [row(1n), row(2n)], full: true }));
    expect(did).toEqual(['deliver id-1,id-2', 'checkpoint without 0', 'tell 0']);
    expect(result).toEqual({ published: 2, full: true });
  });

  it('tells what was refused once that is parked', async () => {
    const message = row(2n);
    const refused: Refusal[] = [{ message, cause: 'MESSAGE', code: 'INVALID_RECORD', error: 'no' }];
    const { did, result } = await round(batchOf({ messages: [row(1n), message] }), { refused });
    expect(did).toEqual(['deliver id-1,id-2', 'checkpoint without 1', 'tell 1']);
    expect(result).toEqual({ published: 1, full: false });
  });

  it('writes no checkpoint when the delivery fails', async () => {
    const { did, result } = await round(batchOf({ messages: [row(1n)] }), { fails: 'deliver id-1' });
    expect(did).toEqual(['deliver id-1']);
    expect(result).toEqual(new Error('deliver id-1 failed'));
  });

  it('acknowledges a batch of which all follows what is parked', async () => {
    const { did } = await round(batchOf({ followers: 3 }));
    expect(did).toEqual(['deliver ', 'checkpoint without 0', 'tell 0']);
  });

  it('looks after Kafka when nothing waits', async () => {
    const { did, result } = await round(batchOf({}));
    expect(did).toEqual(['idle']);
    expect(result).toEqual({ published: 0, full: false });
  });

  const leaderless = new KafkaError('LEADER_NOT_AVAILABLE', 'no leader');

  it.each(['RELEASE', 'REPUBLISH'] as const)(
    'puts off a %s that cannot be sent for now, for the log must not wait for it',
    async (kind) => {
      const batch = batchOf({ kind, messages: [row(1n)], full: true });
      const { did, result } = await round(batch, { fails: 'deliver id-1', error: leaderless });
      expect(did).toEqual(['deliver id-1', `postpone ${kind}`]);
      expect(result).toEqual({ published: 0, full: true });
    },
  );

  it('puts off nothing of the log, and nothing while Kafka is out of reach', async () => {
    const ofLog = await round(batchOf({ messages: [row(1n)] }), { fails: 'deliver id-1', error: leaderless });
    expect(ofLog).toEqual({ did: ['deliver id-1'], result: leaderless });
    const away = new KafkaError('KafkaJSConnectionError', 'refused');
    const release = batchOf({ kind: 'RELEASE', messages: [row(1n)] });
    const outOfReach = await round(release, { fails: 'deliver id-1', error: away });
    expect(outOfReach).toEqual({ did: ['deliver id-1'], result: away });
  });
});
