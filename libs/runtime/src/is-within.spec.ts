import { describe, expect, it } from '@jest/globals';
import { isWithin } from './is-within.ts';

const never = new Promise<never>(() => undefined);
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('isWithin', () => {
  it('is true for what finishes in time, false for what does not', async () => {
    expect(await isWithin(Promise.resolve('done'), 60_000)).toBe(true);
    expect(await isWithin(never, 1)).toBe(false);
  });

  it('throws what it throws, and leaves no timer behind', async () => {
    const before = timers();
    await expect(isWithin(Promise.reject(new Error('so it is')), 60_000)).rejects.toThrow('so it is');
    expect(timers()).toBe(before);
  });
});
