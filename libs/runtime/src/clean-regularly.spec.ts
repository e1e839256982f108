import { describe, expect, it } from '@jest/globals';
import { cleanOnce, cleanRegularly } from './clean-regularly.ts';
import type { CleanedBatch } from './clean-regularly.ts';

const hour = 3_600_000;

/** Rows that are over, deleted batch by batch; what each batch was asked for. */
function rows(count: number) {
  const asked: number[] = [];
  let left = count;
  const deleteBatch = (limit: number): Promise<CleanedBatch> => {
    asked.push(limit);
    const deleted = Math.min(limit, left);
    left -= deleted;
    return Promise.resolve({ deleted });
  };
  return { asked, deleteBatch };
}
const { signal: never } = new AbortController();

function lines() {
  const said: string[] = [];
  const line = (_: object, text: string) => void said.push(text);
  return { said, log: { info: line, warn: line } as never };
}

describe('a round of cleaning', () => {
  it('deletes batch by batch until one is not full', async () => {
    const { asked, deleteBatch } = rows(25);
    expect(await cleanOnce({ deleteBatch, batchSize: 10, stop: never })).toBe(25);
    expect(asked).toEqual([10, 10, 10]);
  });

  it('rests after a full batch for as long as that took', async () => {
    const { deleteBatch } = rows(20);
    const slow = async (limit: number) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return deleteBatch(limit);
    };
    const begun = performance.now();
    await cleanOnce({ deleteBatch: slow, batchSize: 10, stop: never });
    // Three batches, and a rest after two of them; a timer may fire a little early.
    expect(performance.now() - begun).toBeGreaterThan(490);
  });

  it('leaves it to another that is at it', async () => {
    const batches: CleanedBatch[] = [{ deleted: 10 }, 'ANOTHER_IS_AT_IT', { deleted: 10 }];
    const deleteBatch = () => Promise.resolve(batches.shift() ?? { deleted: 0 });
    expect(await cleanOnce({ deleteBatch, batchSize: 10, stop: never })).toBe(10);
    expect(batches).toHaveLength(1);
  });

  it('ends after the batch at hand when it is told to', async () => {
    const stopping = new AbortController();
    const deleteBatch = () => {
      stopping.abort();
      return Promise.resolve({ deleted: 10 });
    };
    expect(await cleanOnce({ deleteBatch, batchSize: 10, stop: stopping.signal })).toBe(10);
  });
});

describe('regular cleaning', () => {
  it('says what it deleted and what went wrong, and comes back', async () => {
    const stopping = new AbortController();
    const { said, log } = lines();
    const results: (() => Promise<CleanedBatch>)[] = [
      () => Promise.resolve({ deleted: 3 }),
      () => Promise.reject(new Error('away')),
      () => Promise.resolve({ deleted: 0 }),
      () => {
        stopping.abort();
        return Promise.resolve({ deleted: 1 });
      },
    ];
    const deleteBatch = () => results.shift()?.() ?? Promise.reject(new Error('after its end'));
    await cleanRegularly({ name: 'things', deleteBatch, stop: stopping.signal, log, everyMs: 1 });
    expect(said).toEqual([
      'deleted things whose retention is over',
      'old things were not deleted; the next round tries again',
      'deleted things whose retention is over',
    ]);
  });

  it('ends at once in the pause between two rounds', async () => {
    const stopping = new AbortController();
    const { log } = lines();
    const cleaned = Promise.withResolvers<void>();
    const deleteBatch = () => {
      cleaned.resolve();
      return Promise.resolve({ deleted: 0 });
    };
    const ended = cleanRegularly({ name: 'things', deleteBatch, stop: stopping.signal, log, everyMs: hour });
    await cleaned.promise;
    stopping.abort();
    await ended;
  });
});
