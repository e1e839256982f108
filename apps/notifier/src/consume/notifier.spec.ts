import { describe, expect, it } from '@jest/globals';
import type { ConsumedMessage } from '@payments/kafka';
import { from, lastValueFrom, toArray } from 'rxjs';
import { notifier } from './notifier.ts';
import type { MessageEnd } from '../tally.ts';

/** Messages that write down what was done to them. */
function messages(log: string[], places: [partition: number, offset: string][]): ConsumedMessage[] {
  return places.map(([partition, offset]) => ({
    topic: 'payment-event',
    partition,
    offset,
    key: '',
    value: Buffer.alloc(0),
    headers: {},
    raw: { key: null, value: null, headers: [] },
    timestamp: new Date(0),
    ack: () => void log.push(`ack ${String(partition)}/${offset}`),
    leave: () => void log.push(`leave ${String(partition)}/${offset}`),
    revoked: new AbortController().signal,
  }));
}
const run = (all: ConsumedMessage[], tell: (message: ConsumedMessage) => Promise<MessageEnd>) =>
  lastValueFrom(notifier({ messages$: from(all), handle: tell }).pipe(toArray()));

describe('notifier', () => {
  it('begins messages in their order, and lets none wait for another', async () => {
    const log: string[] = [];
    const slow = Promise.withResolvers<MessageEnd>();
    const tell = async ({ partition, offset }: ConsumedMessage): Promise<MessageEnd> => {
      log.push(`tell ${String(partition)}/${offset}`);
      if (offset === '2') slow.resolve('told');
      return offset === '0' ? slow.promise : 'told';
    };
    await run(
      messages(log, [
        [0, '0'],
        [0, '1'],
        [0, '2'],
      ]),
      tell,
    );
    expect(log.slice(0, 3)).toEqual(['tell 0/0', 'tell 0/1', 'tell 0/2']);
    expect(log.indexOf('ack 0/1')).toBeLessThan(log.indexOf('ack 0/0'));
  });

  it('frees the offset of what is dealt with, in whatever way, and of nothing else', async () => {
    const log: string[] = [];
    const ends: MessageEnd[] = ['told', 'repeatDropped', 'deadLettered', 'left'];
    const all = messages(log, [
      [0, '0'],
      [0, '1'],
      [0, '2'],
      [0, '3'],
    ]);
    const told = await run(all, ({ offset }) => Promise.resolve(ends[Number(offset)] ?? 'left'));
    expect(told).toEqual(ends);
    expect(log).toEqual(['ack 0/0', 'ack 0/1', 'ack 0/2', 'leave 0/3']);
  });

  it('ends with what nobody foresaw, and frees no offset for it', async () => {
    const log: string[] = [];
    await expect(run(messages(log, [[0, '0']]), () => Promise.reject(new Error('bug')))).rejects.toThrow(
      'bug',
    );
    expect(log).toEqual([]);
  });
});
