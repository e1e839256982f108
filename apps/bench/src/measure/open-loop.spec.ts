import { expect, it } from '@jest/globals';
import { openLoop } from './open-loop.ts';
import type { Write } from './open-loop.ts';

const pace = { from: 5, count: 20, perSecond: 10_000, stop: new AbortController().signal };

it('writes each number once, in their order, and notes when it counted as written', async () => {
  const seen: number[] = [];
  const write: Write = (number) => {
    seen.push(number);
    return Promise.resolve(number * 10);
  };
  const { at } = await openLoop({ ...pace, writers: [write] });
  expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 5));
  expect([...at]).toEqual(seen.map((number) => number * 10));
});

it('begins a message while the one before is under way', async () => {
  const second = Promise.withResolvers<void>();
  const write: Write = async (number) => {
    if (number === 6) second.resolve();
    if (number === 5) await second.promise;
    return 0;
  };
  await openLoop({ ...pace, count: 2, writers: [write, write] });
});

it('gives a writer one message at a time', async () => {
  let underWay = 0;
  const most = new Set<number>();
  const write: Write = async () => {
    most.add(++underWay);
    await new Promise(setImmediate);
    underWay--;
    return 0;
  };
  await openLoop({ ...pace, writers: [write] });
  expect([...most]).toEqual([1]);
});

it('throws what a writer threw, and begins nothing after it', async () => {
  const seen: number[] = [];
  const write: Write = (number) => {
    seen.push(number);
    return number === 7 ? Promise.reject(new Error('no')) : Promise.resolve(0);
  };
  await expect(openLoop({ ...pace, writers: [write] })).rejects.toThrow('no');
  expect(seen).toEqual([5, 6, 7]);
});
