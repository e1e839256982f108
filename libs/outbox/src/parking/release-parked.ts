import type { RelayMessage } from '../relay/read-messages.ts';
import { inTransaction } from './in-transaction.ts';
import type { ParkingContext } from './job.ts';
import { parkTopic } from './park-topic.ts';
import { orderOf, settledRefusals, type Refusal } from './refusal.ts';
import { headsOf, parkAgain, settleParked } from './settle-parked.ts';

/** What became of a batch of parked messages. */
export interface Released {
  published: RelayMessage[];
  /** The first refused message of each (topic, key), which stays parked with what follows it. */
  heads: Refusal[];
}

/**
 * Settles a release: what was acknowledged is published; what was refused again stays parked with its new error, with the
 * rest of its key behind it. One transaction, with whatever `besides` writes; memory is changed after it.
 */
export async function releaseParked(
  context: ParkingContext,
  batch: { messages: readonly RelayMessage[]; refusals: readonly Refusal[] },
  besides: (released: Released) => Promise<void> = () => Promise.resolve(),
): Promise<Released> {
  const { client, parked } = context;
  const refusals = settledRefusals(batch.refusals);
  const refused = new Set(refusals.map(({ message }) => message));
  const released = {
    published: batch.messages.filter((message) => !refused.has(message)),
    heads: headsOf(refusals),
  };
  await inTransaction(client, async () => {
    await settleParked(client, released.published, 'PUBLISHED');
    await parkAgain(client, refusals);
    await besides(released);
  });
  for (const { message, cause, ...reason } of released.heads) {
    // One way out for all of a key: the topic's, or a request for the key.
    if (cause === 'TOPIC') {
      parked.freeKey(message.lane, message);
      parkTopic(context, message.topic, reason);
    } else parked.parkKey(message.lane, message, reason);
  }
  return released;
}

/** The keys of a batch of which nothing is left: a limit may have cut off the last one's. */
export function exhaustedKeys(
  messages: readonly RelayMessage[],
  { heads, truncated }: { heads: readonly Refusal[]; truncated: boolean },
): RelayMessage[] {
  const last = messages.at(-1);
  const kept = new Set(heads.map(({ message }) => orderOf(message)));
  if (truncated && last) kept.add(orderOf(last));
  const firsts = new Map(messages.map((message) => [orderOf(message), message]));
  return [...firsts].filter(([order]) => !kept.has(order)).map(([, message]) => message);
}
