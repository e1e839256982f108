import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@payments/testing';
import { keySets, planWrites, type PlannedWrite } from './plan-writes.ts';

function plan(seed: number, bulk = false): PlannedWrite[] {
  const writes = planWrites({ random: seededRandom(seed), topics: ['a', 'b'], bulk });
  return Array.from({ length: 500 }, () => writes.next().value);
}

describe('the transactions of a writer', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  it('are of all kinds, and end both ways', () => {
    const writes = plan(3);
    const steps = writes.flatMap((write) => write.steps);
    expect(new Set(writes.map(({ kind }) => kind))).toEqual(new Set(['short', 'long', 'message first']));
    expect(new Set(writes.map(({ form }) => form))).toEqual(new Set(['call', 'array', 'insert']));
    expect(new Set(writes.map(({ end }) => end))).toEqual(new Set(['commit', 'rollback']));
    expect(new Set(steps.map(({ savepoint }) => savepoint))).toEqual(
      new Set(['none', 'released', 'rolled back']),
    );
    expect(new Set(steps.map(({ topic }) => topic))).toEqual(new Set(['a', 'b']));
  });

  it('bring 5,000 keys in one call now and then, where that is wanted', () => {
    const bulk = plan(4, true).filter(({ kind }) => kind === 'bulk');
    expect(bulk.length).toBeGreaterThan(2);
    for (const { steps, form } of bulk) {
      expect(new Set(steps.map(({ key }) => key)).size).toBe(5000);
      expect(form).toBe('array');
    }
    expect(plan(4).filter(({ kind }) => kind === 'bulk')).toEqual([]);
  });

  it('name a key once, and lock no row behind a message but that of their only key', () => {
    for (const { kind, steps } of plan(5, true)) {
      const keys = steps.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      const messageFirst = keys.filter((key) => keySets.messageFirst.includes(key));
      expect(messageFirst).toHaveLength(kind === 'message first' ? 1 : 0);
    }
  });
});
