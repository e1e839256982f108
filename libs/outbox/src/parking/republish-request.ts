import { OutboxError } from '../errors.ts';
import type { LanePosition } from '../relay/position.ts';
import { inTransaction } from '../in-transaction.ts';
import type { Job, ParkingContext } from './job.ts';
import { readPublished, type PublishedSlice } from './read-published.ts';
import type { Refusal } from './refusal.ts';
import { noteProgress, type Request } from './requests.ts';

/**
 * Publishes a lane's published messages again, in order of seq, until it has caught up with what is published: those
 * that were published meanwhile come once more. So the last delivery of each key is its latest message, and a reader that
 * keeps what it read last ends with the truth.
 *
 * They are read from the log again, not appended to it: an append would wait for the locks of keys that writers hold, on
 * the one connection that must not wait, and would bring old messages behind newer ones for good.
 */
export function republishRequest(context: ParkingContext, request: Request): Job {
  const { client, limits } = context;
  const { lane, key } = request;
  const since = request.since ?? new Date();
  const refused: Refusal[] = [];
  const state = { count: request.count, pos: request.pos, outcome: null as string | null };

  const settle = async (slice: PublishedSlice, refusals: readonly Refusal[]): Promise<void> => {
    refused.push(...refusals.slice(0, refused.length > 0 ? 0 : 1));
    const count = state.count + slice.messages.length - refusals.length;
    const outcome = slice.caughtUp ? republishOutcome(count, refused[0]) : null;
    await inTransaction(client, () => noteProgress(client, { ...request, count, pos: slice.pos }, outcome));
    Object.assign(state, { count, pos: slice.pos, outcome });
  };

  return {
    lane,
    outcome: () => state.outcome,
    next: async () => {
      const position = positionOf(context, lane);
      const slice = await readPublished(client, { pos: state.pos, since, key, position }, limits);
      return { kind: 'REPUBLISH', messages: slice.messages, settle: (refusals) => settle(slice, refusals) };
    },
  };
}

function positionOf({ positions }: ParkingContext, lane: number): LanePosition {
  const position = positions().find((one) => one.lane === lane);
  if (!position) throw new OutboxError('MISUSE', `Lane ${lane} is not owned by this relay.`);
  return position;
}

/** What became of a republish, in a sentence. `refused`: the first message that Kafka refused, which was skipped. */
function republishOutcome(count: number, refused: Refusal | undefined): string {
  const published = `${count} ${count === 1 ? 'message' : 'messages'} published again`;
  if (!refused) return `${published}.`;
  const { message, code, error } = refused;
  return `${published}, but not message ${message.id} of key ${JSON.stringify(message.key)}, which was refused (${code}: ${error}), nor others like it: mend that, and republish once more.`;
}
