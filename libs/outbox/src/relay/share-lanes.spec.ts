import { describe, expect, it } from '@jest/globals';
import { lanes, shareLanes } from './share-lanes.ts';

/** Relays move in a random order, each seeing what is, until nobody moves any more. */
function settle(members: number[], owners: Map<number, number>): { moves: number } {
  let moves = 0;
  for (let quiet = 0; quiet < 2; quiet++) {
    for (const me of [...members, ...new Set(owners.values())]) {
      const { take, give } = shareLanes(me, { members, owners });
      for (const lane of give) owners.delete(lane);
      for (const lane of take) owners.set(lane, me);
      if (take.length + give.length > 0) quiet = -1;
      moves += take.length + give.length;
    }
    if (moves > 1000) throw new Error('they do not come to rest');
  }
  return { moves };
}

const sharesOf = (owners: Map<number, number>, members: number[]) =>
  members.map((member) => [...owners.values()].filter((owner) => owner === member).length);

describe('sharing lanes', () => {
  it.each(Array.from({ length: 20 }, (_, count) => count + 1))(
    'gives each of %i relays a fair share, and every lane an owner',
    (count) => {
      const members = Array.from({ length: count }, (_, index) => 1000 - index * 7);
      const owners = new Map<number, number>();
      settle(members, owners);
      expect([...owners.keys()].toSorted((one, other) => one - other)).toEqual(lanes);
      const shares = sharesOf(owners, members);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    },
  );

  it('moves no more lanes than the newcomer gets when one joins', () => {
    const owners = new Map<number, number>();
    settle([10], owners);
    expect(settle([10, 20], owners).moves).toBe(16);
    expect(sharesOf(owners, [10, 20])).toEqual([8, 8]);
  });

  it('takes up the lanes of one that is gone', () => {
    const owners = new Map<number, number>();
    settle([10, 20, 30], owners);
    for (const [lane, owner] of owners) if (owner === 20) owners.delete(lane);
    settle([10, 30], owners);
    expect(sharesOf(owners, [10, 30])).toEqual([8, 8]);
  });

  it('takes nothing from an owner that is no member any more, and has it give everything back', () => {
    const owners = new Map(lanes.map((lane) => [lane, 10]));
    expect(shareLanes(20, { members: [20], owners })).toEqual({ take: [], give: [] });
    expect(shareLanes(10, { members: [20], owners })).toEqual({ take: [], give: lanes });
  });
});
