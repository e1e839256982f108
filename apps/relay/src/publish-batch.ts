import { KafkaError } from '@payments/kafka';
import type { Batch, Refusal, RelaySession } from '@payments/outbox';

/** One round: how many messages it published, and whether more wait right behind them. */
export type Round = { published: number; full: boolean };

/** What a round needs. */
export type RoundOptions = {
  log: Pick<RelaySession, 'nextBatch' | 'acknowledge' | 'postpone'>;
  /** Brings the messages to Kafka, and returns those that it refuses for good; or throws, and all of them go again. */
  deliver: (batch: Batch) => Promise<Refusal[]>;
  /** Says what was refused, once it is parked. */
  tell: (batch: Batch, refusals: readonly Refusal[]) => void;
  /** Nothing waits: time to look after the connection to Kafka. */
  idle: () => Promise<void>;
};

/**
 * Publishes the next batch: all of it is in Kafka, or refused for good, before its checkpoint is written. When anything
 * fails, the next round begins with the same batch, so no message overtakes one of its key.
 */
export async function publishBatch({ log, deliver, tell, idle }: RoundOptions): Promise<Round> {
  const batch = await log.nextBatch();
  if (batch.messages.length + batch.followers === 0) {
    await idle();
    return { published: 0, full: batch.full };
  }
  const refusals = await delivered(batch, { log, deliver });
  if (!refusals) return { published: 0, full: batch.full };
  await log.acknowledge(batch, refusals);
  tell(batch, refusals);
  return { published: batch.messages.length - refusals.length, full: batch.full };
}

/** What was refused; undefined for a batch that was postponed, since it holds up nobody and the log must not wait for it. */
async function delivered(
  batch: Batch,
  { log, deliver }: Pick<RoundOptions, 'log' | 'deliver'>,
): Promise<Refusal[] | undefined> {
  try {
    return await deliver(batch);
  } catch (error) {
    if (batch.kind === 'LOG' || !(error instanceof KafkaError) || error.unreachable) throw error;
    log.postpone(batch);
    return undefined;
  }
}
