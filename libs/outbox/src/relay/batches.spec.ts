import { expect, it } from '@jest/globals';
import { batchesOf, type ReadBatch } from './batches.ts';
import type { Checkpoint, LanePosition, Positions } from './position.ts';
import type { RelayMessage } from './read-messages.ts';

const at = (pos: number): Positions => [{ lane: 0, pos: BigInt(pos) } as LanePosition];
const message = (seq: number) => ({ lane: 0, seq: BigInt(seq), topic: 't', key: 'k' }) as RelayMessage;

/** A log whose messages are numbered, and which notes what is asked of it. What is written is so when `write` says it. */
function numberedLog(options: { rows?: number; parked?: number[] } = {}) {
  const { rows = 10, parked = [] } = options;
  const asked: string[] = [];
  const writes: (() => void)[] = [];
  let last = 0;
  const read = (from: Positions): Promise<ReadBatch> => {
    const pos = Number(from[0]?.pos);
    const until = Math.min(last, pos + rows);
    asked.push(`read from ${pos}`);
    const messages = Array.from({ length: until - pos }, (_, index) => message(pos + 1 + index));
    const checkpoints = [{ lane: 0, pos: BigInt(until) } as Checkpoint];
    return Promise.resolve({ messages, full: messages.length === rows, next: at(until), checkpoints });
  };
  const batches = batchesOf({
    read,
    checkpoint: ([row], how) => {
      const soon = 'parked' in how || how.atOnce ? '' : ' soon';
      asked.push(`${'parked' in how ? 'park and write' : 'write'} ${row?.pos}${soon}`);
      return new Promise((resolve) => writes.push(resolve));
    },
    parking: {
      due: () => false,
      postpone: () => undefined,
      nextBatch: () => Promise.resolve(undefined),
      split: (messages) => ({
        messages: messages.filter(({ seq }) => !parked.includes(Number(seq))),
        followers: messages
          .filter(({ seq }) => parked.includes(Number(seq)))
          .map((one) => ({ message: one, cause: 'FOLLOWS', code: 'C', error: 'e' })),
      }),
    },
  });
  batches.moveTo(at(0));
  return {
    ...batches,
    asked,
    /** Appends; the hint of it comes later or never. */
    append: (count: number) => void (last += count),
    write: () => writes.shift()?.(),
    numbers: async () => (await batches.next()).messages.map(({ seq }) => Number(seq)),
  };
}

it('a hint has the next batch read while one is under way, and no other read is needed for it', async () => {
  const log = numberedLog();
  log.append(2);
  const batch = await log.next();
  log.append(1);
  expect(log.asked).toEqual(['read from 0']);
  log.hint();
  expect(log.asked).toEqual(['read from 0', 'read from 2']);
  log.hint();
  void log.acknowledge(batch);
  expect(await log.numbers()).toEqual([3]);
  expect(log.asked.slice(2, 3)).toEqual(['write 2 soon']);
});

it('a hint behind the read ahead of it is not forgotten: the batch says that more may wait', async () => {
  const log = numberedLog();
  log.append(2);
  const batch = await log.next();
  expect(batch.full).toBe(false);
  log.append(1);
  log.hint();
  log.append(1);
  log.hint();
  void log.acknowledge(batch);
  const next = await log.next();
  expect(next).toMatchObject({ messages: [message(3)], full: true });
  void log.acknowledge(next);
  expect(await log.numbers()).toEqual([4]);
});

it('a hint behind a read ahead that found nothing has the log read once more', async () => {
  const log = numberedLog();
  log.append(2);
  const batch = await log.next();
  log.hint();
  log.append(1);
  log.hint();
  void log.acknowledge(batch);
  expect(await log.numbers()).toEqual([3]);
});

it('a hint between two batches reads nothing by itself', async () => {
  const log = numberedLog();
  log.hint();
  expect(log.asked).toEqual([]);
  expect(await log.next()).toMatchObject({ messages: [], full: false });
});

it('the next batch can be had while the checkpoint of the one before is being written', async () => {
  const log = numberedLog({ rows: 2 });
  log.append(4);
  const batch = await log.next();
  const acknowledged = log.acknowledge(batch);
  const next = await log.next();
  expect(next.messages).toEqual([message(3), message(4)]);
  expect(log.positions()).toEqual(at(2));
  expect(log.asked).toEqual(['read from 0', 'read from 2', 'write 2', 'read from 4']);
  log.write();
  await acknowledged;
});

it.each([
  ['refused', { refuse: 2 }],
  ['held back behind what is parked', { parked: [2] }],
])('where a message is %s, the next batch waits for its end: it decides what may be sent', async (_, how) => {
  const { refuse, ...options } = { refuse: 0, ...how };
  const log = numberedLog({ rows: 2, ...options });
  log.append(4);
  const batch = await log.next();
  const refusals = refuse
    ? [{ message: batch.messages[1] as RelayMessage, cause: 'MESSAGE', code: 'C', error: 'e' } as const]
    : [];
  const acknowledged = log.acknowledge(batch, refusals);
  expect(await log.next()).toBe(batch);
  expect(log.positions()).toEqual(at(0));
  expect(log.asked.at(-1)).toBe('park and write 2');
  log.write();
  await acknowledged;
  expect(await log.numbers()).toEqual([3, 4]);
});

it('what was read ahead is forgotten with the batch before it', async () => {
  const log = numberedLog();
  log.append(2);
  await log.next();
  log.append(1);
  log.hint();
  await log.forget();
  expect(await log.numbers()).toEqual([1, 2, 3]);
});
