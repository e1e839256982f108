import type { RelayMessage } from '../relay/read-messages.ts';
import { inTransaction } from '../in-transaction.ts';
import type { ParkingContext } from './job.ts';
import { parkTopics } from './park-topics.ts';
import { settledRefusals, type Refusal } from './refusal.ts';
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
  parkTopics(context, released.heads);
  // One way out for all of a key: the topic's, or a request for the key.
  for (const { message, cause, ...reason } of released.heads)
    if (cause === 'TOPIC') parked.freeKey(message.lane, message);
    else parked.parkKey(message.lane, message, reason);
  return released;
}
