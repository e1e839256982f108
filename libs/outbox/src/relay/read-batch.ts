import type { ClientBase } from 'pg';
import type { ReadBatch } from './batches.ts';
import { advance, type Positions } from './position.ts';
import { readMessages, type ReadOptions } from './read-messages.ts';

/** One read; another at once where it found nothing and there is more to look through. */
export async function readBatch(
  client: ClientBase,
  from: Positions,
  options: ReadOptions,
): Promise<ReadBatch> {
  for (let positions = from; ;) {
    const { messages, outcome } = await readMessages(client, positions, options);
    const { next, checkpoints } = advance(positions, outcome);
    // A lane that finished an older window has not been asked yet for what came since; one still in its window holds more.
    const more = [...positions, ...next].some(({ window }) => window !== null);
    if (messages.length > 0 || !more) return { messages, full: outcome.truncated || more, next, checkpoints };
    positions = next;
  }
}
