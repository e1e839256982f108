import { expect, it } from '@jest/globals';
import { highestWhile } from './highest-while.ts';

it('finds the highest of all looks, the last one included, also where the work fails', async () => {
  const work = Promise.withResolvers<void>();
  const values = [3, 7, 5];
  const highest = await highestWhile(work.promise, () => {
    if (values.length === 2) work.reject(new Error('failed'));
    return Promise.resolve(values.shift() ?? 9);
  });
  expect(highest).toBe(7);
});
