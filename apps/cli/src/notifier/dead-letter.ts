import { deadLetterTopic, readDeadLetterMark } from '@payments/contracts';
import type { DeadLetterMark } from '@payments/contracts';
import type { RawKafkaMessage, ReadMessage } from '@payments/kafka';

/** A dead letter as people see it. */
export type DeadLetter = {
  /** `partition/offset` in the dead-letter topic: what `replay` takes. */
  number: string;
  /** `OPEN`: not dealt with yet. */
  state: 'OPEN' | 'DONE';
  /** When the record was made, where what somebody else wrote is no date. */
  setAsideAt: Date;
  reason: string;
  /** Where the message lies, or lay; null when somebody else wrote the dead letter. */
  origin: Pick<DeadLetterMark, 'topic' | 'partition' | 'offset'> | null;
  /** The message's own `ce_id`, as it is; null when it has none. */
  ceId: string | null;
  /** As text; null when it has none. */
  key: string | null;
  valueBytes: number | null;
};

/** What a message of the dead-letter topic says. */
export const readDeadLetter = (message: ReadMessage, open: boolean): DeadLetter => {
  const { partition, offset, raw, headers, timestamp } = message;
  const mark = readDeadLetterMark(raw.headers)?.mark;
  return {
    number: `${partition}/${offset}`,
    state: open ? 'OPEN' : 'DONE',
    setAsideAt: mark && !Number.isNaN(mark.setAsideAt.getTime()) ? mark.setAsideAt : timestamp,
    reason: mark?.reason ?? 'not written by the notifier',
    origin: mark ? { topic: mark.topic, partition: mark.partition, offset: mark.offset } : null,
    ceId: headers['ce_id'] ?? null,
    key: raw.key?.toString() ?? null,
    valueBytes: raw.value?.length ?? null,
  };
};

/** A dead letter as it is published again: every byte as it lies, the notifier's headers too, by which its origin is known. */
export const asReplay = (message: ReadMessage, topic: string): RawKafkaMessage => ({ topic, ...message.raw });

/** Said where the topic is not there. */
export const noTopic = (brokers: readonly string[]): string =>
  `there are no dead letters: Kafka at ${brokers.join(', ')} has no topic ${deadLetterTopic}, which the notifier makes when it starts`;
