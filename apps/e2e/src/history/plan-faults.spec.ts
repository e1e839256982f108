import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@payments/testing';
import { faultKinds, frozen, planFaults, type FaultTrack } from './plan-faults.ts';

const plan = (seed: number, withFrozenOwner = false) =>
  planFaults({ random: seededRandom(seed), withFrozenOwner });
const tracks = Object.keys(faultKinds) as FaultTrack[];

describe('the faults of a run', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  it.each(tracks)('are of every kind before one comes again (%s)', (track) => {
    const kinds = plan(3)[track].map(({ kind }) => kind);
    expect(new Set(kinds.slice(0, faultKinds[track].length))).toEqual(new Set(faultKinds[track]));
  });

  it.each(tracks)('come in another order by the seed (%s)', (track) => {
    const orders = Array.from({ length: 20 }, (_, seed) =>
      plan(seed)
        [track].map(({ kind }) => kind)
        .join(),
    );
    expect(new Set(orders).size).toBeGreaterThan(5);
  });

  it('begin with an owner that is frozen for longer than its session lives, where that is wanted', () => {
    const [first] = plan(4, true).relays;
    expect(first?.kind).toBe(frozen);
    expect(first?.forMs).toBeGreaterThan(10_000);
    expect(plan(4).relays.map(({ kind }) => kind)).not.toContain(frozen);
  });
});
