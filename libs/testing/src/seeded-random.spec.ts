import { describe, expect, it } from '@jest/globals';
import { seededRandom } from './seeded-random.ts';

const some = (seed: number) => Array.from({ length: 1000 }, seededRandom(seed));

describe('numbers from a seed', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(some(1)).toEqual(some(1));
    expect(some(1)).not.toEqual(some(2));
  });

  it('are spread from 0 to below 1', () => {
    const numbers = some(3);
    for (let tenth = 0; tenth < 10; tenth++)
      expect(numbers.filter((number) => Math.floor(number * 10) === tenth).length).toBeGreaterThan(50);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
  });
});
