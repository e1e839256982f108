import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { checkpointWriter } from './checkpoint-writer.ts';
import type { Checkpoint } from './position.ts';

const soon = { atOnce: false };
const checkpoint = (lane: number, pos: number) => ({ lane, pos: BigInt(pos) }) as Checkpoint;

/** A writer, and what it has written, as `lane:pos`. */
function noted(write: () => Promise<void> = () => Promise.resolve()) {
  const writings: string[][] = [];
  const writer = checkpointWriter({
    everyMs: 10,
    write: (rows) => {
      writings.push(rows.map(({ lane, pos }) => `${lane}:${pos}`));
      return write();
    },
  });
  return { ...writer, writings };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it('writes the first at once, and those of the next 10 ms together, in order', async () => {
  const { write, writings } = noted();
  await write([checkpoint(0, 1)], soon);
  expect(writings).toEqual([['0:1']]);
  const together = [write([checkpoint(0, 2)], soon), write([checkpoint(1, 3), checkpoint(0, 5)], soon)];
  jest.advanceTimersByTime(9);
  expect(writings).toHaveLength(1);
  jest.advanceTimersByTime(1);
  await Promise.all(together);
  expect(writings.slice(1)).toEqual([['0:2', '1:3', '0:5']]);
  jest.advanceTimersByTime(10);
  await write([checkpoint(0, 6)], soon);
  expect(writings.slice(2)).toEqual([['0:6']]);
});

it('takes along what waits where one is to be written at once, and when it is flushed', async () => {
  const { write, flush, waits, writings } = noted();
  await write([checkpoint(0, 1)], soon);
  const first = write([checkpoint(0, 2)], soon);
  expect([waits(0), waits(1)]).toEqual([true, false]);
  await write([checkpoint(1, 3)], { atOnce: true });
  const second = write([checkpoint(0, 4)], soon);
  const flushed = flush();
  expect(waits(0)).toBe(true);
  await Promise.all([flushed, first, second]);
  expect(waits(0)).toBe(false);
  await flush();
  jest.advanceTimersByTime(1000);
  expect(writings).toEqual([['0:1'], ['0:2', '1:3'], ['0:4']]);
});

it('flushed, waits for what is being written, and tells of its failure', async () => {
  const writing = Promise.withResolvers<void>();
  const { write, flush } = noted(() => writing.promise);
  const first = write([checkpoint(0, 1)], soon);
  const told = Promise.all([first, flush()].map((one) => expect(one).rejects.toThrow('refused')));
  writing.reject(new Error('refused'));
  await told;
  await flush();
});

it('tells all who wait of a failure, and writes what comes after it', async () => {
  let fails = false;
  const { write, writings } = noted(() => (fails ? Promise.reject(new Error('refused')) : Promise.resolve()));
  await write([checkpoint(0, 1)], soon);
  fails = true;
  const together = [write([checkpoint(0, 2)], soon), write([checkpoint(1, 3)], soon)];
  const told = Promise.all(together.map((one) => expect(one).rejects.toThrow('refused')));
  jest.advanceTimersByTime(10);
  await told;
  fails = false;
  await write([checkpoint(0, 4)], { atOnce: true });
  expect(writings.at(-1)).toEqual(['0:4']);
});
