import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { anEvent } from '../event/an-event.fixture.ts';
import { inPartition, openChannelStack } from './channel-stack.fixture.ts';
import type { ChannelStack } from './channel-stack.fixture.ts';

/** How many messages go through the channel: `CHANNEL_MESSAGES`. */
const messages = Number(process.env['CHANNEL_MESSAGES'] ?? 6000);
const isProof = messages >= 100_000;
/** As many as Kafka hands on without an ack: 100 of each of 12 partitions. */
const [partitions, atATime] = [12, 100];
/** The run is cut into parts, of which the second is compared with the last: the first one warms up. */
const parts = 5;

let all: ChannelStack;
beforeAll(async () => {
  all = await openChannelStack();
});
afterAll(async () => {
  await all[Symbol.asyncDispose]();
});

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
function heapInUse(): number {
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

describe('a large backlog', () => {
  it('goes through a channel at a flat cost and in flat memory, and is told once', async () => {
    const digest = { above: 5, max: 1000, lines: 20 };
    const notifier = await all.notifier({ digest });
    const measured: { ms: number; heap: number }[] = [];
    const tellOf = async (partition: number, count: number) => {
      for (let left = count; left > 0; left -= atATime)
        await Promise.all(
          Array.from({ length: Math.min(left, atATime) }, () =>
            notifier.handle(inPartition(anEvent(), partition)),
          ),
        );
    };
    for (let part = 0; part < parts; part += 1) {
      const started = performance.now();
      const each = Math.ceil(messages / parts / partitions);
      await Promise.all(Array.from({ length: partitions }, (_, partition) => tellOf(partition, each)));
      measured.push({ ms: performance.now() - started, heap: heapInUse() });
    }
    expect(notifier.tally.told).toBeGreaterThanOrEqual(messages);
    expect(notifier.tally).toMatchObject({ mayRepeat: 0, repeatDropped: 0, left: 0 });
    const [second, last] = [measured[1], measured.at(-1)];
    if (!second || !last) throw new Error('too few parts');
    expect(last.heap / second.heap).toBeLessThan(1.2);
    if (!isProof) return;
    // Of few messages it would be the machine that is measured.
    expect(last.ms / second.ms).toBeLessThan(3);
    const figures = measured.map(
      ({ ms, heap }) => `${ms.toFixed(0)} ms, ${(heap / 1e6).toFixed(1)} MB of heap`,
    );
    console.log(
      `${String(messages)} messages told in ${String(all.slack.requests().length)} posts; each fifth of them: ${figures.join('; ')}`,
    );
  });
});
