import { describe, expect, it } from '@jest/globals';
import { tooEarly, tooFast } from './check-pace.ts';

const limit = { intervalMs: 1000, burst: 3 };
const at = (...times: number[]) => times.map((atMs) => ({ atMs, answer: 200 }));

describe('tooFast', () => {
  it('allows a burst after a rest, and one each interval after that', () => {
    expect(tooFast(at(0, 0, 0, 1000, 2000, 9000, 9000, 9000, 10_000), limit)).toEqual([]);
  });

  it('finds one too many at once, and a pace that is a little too fast in the long run', () => {
    expect(tooFast(at(0, 0, 0, 990), limit)).toEqual([
      '4 requests in 990 ms, from request 0: 1000 ms at least',
    ]);
    const often = Array.from({ length: 100 }, (_, index) => index * 970);
    expect(tooFast(at(...often), limit).length).toBeGreaterThan(0);
  });
});

describe('tooEarly', () => {
  const requests = [{ atMs: 0, answer: 429 }, ...at(4999, 5000), { atMs: 6000, answer: 429 }, ...at(6500)];

  it('finds who came before the time that the answer asked for', () => {
    expect(tooEarly(requests, [5000, 500])).toEqual([0]);
    expect(tooEarly(requests, [4999, 501])).toEqual([1]);
  });
});
