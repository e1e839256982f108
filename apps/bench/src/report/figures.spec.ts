import { expect, it } from '@jest/globals';
import { isMet, median, percentile, ratios } from './figures.ts';

it('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

it('a percentile is the value that so many do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([50, 95, 99, 100].map((percent) => percentile(hundred, percent))).toEqual([50, 95, 99, 100]);
  expect(percentile([7], 50)).toBe(7);
  expect(percentile([], 50)).toBeNaN();
});

it('ratios compare what was measured in the same round', () => {
  expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
});

it('a target is met by its median ratio', () => {
  const target = { says: 'a ratio', values: [0.5, 1, 9] };
  expect(isMet({ ...target, bound: { atLeast: 1 } })).toBe(true);
  expect(isMet({ ...target, bound: { atLeast: 1.1 } })).toBe(false);
  expect(isMet({ ...target, bound: { atMost: 0.9 } })).toBe(false);
  expect(isMet({ ...target, bound: null })).toBeNull();
});
