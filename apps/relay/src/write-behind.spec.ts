import { expect, it } from '@jest/globals';
import type { Batch, Refusal } from '@payments/outbox';

import { writeBehind } from './write-behind.ts';

const batchOf = (batch: Partial<Batch> = {}): Batch => ({
  ...{ kind: 'LOG', messages: [], followers: 0, full: true },
  ...batch,
});
const refused = [{ cause: 'MESSAGE', code: 'C', error: 'e' } as Refusal];

/** A session whose checkpoints are written, or fail, when they are told to. */
function session() {
  const writing: PromiseWithResolvers<void>[] = [];
  const behind = writeBehind({
    nextBatch: () => Promise.resolve(batchOf()),
    postpone: () => undefined,
    acknowledge: () => {
      const write = Promise.withResolvers<void>();
      writing.push(write);
      return write.promise;
    },
  });
  return { ...behind, writing };
}

/** Whether something has come to its end by now, with whatever it had to wait for in this process. */
async function ended(promise: Promise<unknown>): Promise<boolean> {
  const end = promise.then(
    () => true,
    () => true,
  );
  const now = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  return Promise.race([end, now]);
}

/** The same, of which the first checkpoint is written. */
async function provenSession() {
  const proven = session();
  const first = proven.acknowledge(batchOf());
  proven.writing.shift()?.resolve();
  await first;
  return proven;
}

it('the next batch goes on while the checkpoint is being written', async () => {
  const { acknowledge, writing } = await provenSession();
  expect(await ended(acknowledge(batchOf()))).toBe(true);
  expect(writing).toHaveLength(1);
});

it('waits for the first checkpoint of a session, and for the next one while none was written', async () => {
  const { acknowledge, writing } = session();
  const first = acknowledge(batchOf());
  expect(await ended(first)).toBe(false);
  writing[0]?.reject(new Error('refused'));
  await expect(first).rejects.toThrow('refused');
  expect(await ended(acknowledge(batchOf()))).toBe(false);
});

it.each([
  ['what is refused of it', batchOf(), refused],
  ['what follows parked messages', batchOf({ followers: 1 }), []],
  ['what was released', batchOf({ kind: 'RELEASE' }), []],
  ['what is published again', batchOf({ kind: 'REPUBLISH' }), []],
])('waits for the end of a batch with %s', async (_, batch, refusals) => {
  const { acknowledge, writing } = await provenSession();
  const acknowledged = acknowledge(batch, refusals);
  expect(await ended(acknowledged)).toBe(false);
  writing[0]?.resolve();
  await acknowledged;
});

it('tells of the failure of what it waits for', async () => {
  const { acknowledge, writing } = await provenSession();
  const acknowledged = acknowledge(batchOf(), refused);
  writing[0]?.reject(new Error('the session is lost'));
  await expect(acknowledged).rejects.toThrow('the session is lost');
});
