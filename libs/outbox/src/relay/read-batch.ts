import type { ClientBase } from 'pg';
import type { ReadBatch } from './batches.ts';
import { advance, commonDone, finishWindow, type Positions } from './position.ts';
import { fewRows, readFew } from './read-few.ts';
import { lastRead, readMessages, type ReadOptions } from './read-messages.ts';

/** Reads the next batch behind some positions. */
export type BatchReader = (from: Positions, options: ReadOptions) => Promise<ReadBatch>;

/**
 * Reads batches on a connection: with one look at all that is new while that is little, else lane after lane. It begins with
 * the latter, and goes back to it where the look came by too much: until fewer come again, and some transaction is over that
 * had it look so far back.
 */
export function batchReader(client: ClientBase): BatchReader {
  let latest = Infinity;
  let tooFarBack = '';

  async function few(from: Positions, { limits, mark }: ReadOptions): Promise<ReadBatch | undefined> {
    const done = latest > fewRows ? undefined : commonDone(from);
    if (done === undefined || xminOf(done) === tooFarBack) return undefined;
    const found = await readFew(client, from, { done, limits });
    if (!found) {
      tooFarBack = xminOf(done);
      return undefined;
    }
    const { messages, snapshot, reached } = found;
    const outcome = { snapshot, mark, reached, read: lastRead(messages) };
    return { messages, full: false, ...finishWindow(from, outcome) };
  }

  return async (from, options) => {
    const batch = (await few(from, options)) ?? (await laneAfterLane(client, from, options));
    latest = batch.messages.length;
    return batch;
  };
}

const xminOf = (snapshot: string) => snapshot.slice(0, snapshot.indexOf(':'));

/** One read; another at once where it found nothing and there is more to look through. */
async function laneAfterLane(client: ClientBase, from: Positions, options: ReadOptions): Promise<ReadBatch> {
  for (let positions = from; ;) {
    const { messages, outcome } = await readMessages(client, positions, options);
    const { next, checkpoints } = advance(positions, outcome);
    // A lane that finished an older window has not been asked yet for what came since; one still in its window holds more.
    const more = [...positions, ...next].some(({ window }) => window !== null);
    if (messages.length > 0 || !more) return { messages, full: outcome.truncated || more, next, checkpoints };
    positions = next;
  }
}
