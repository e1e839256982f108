import type { KafkaMessage } from 'kafkajs';

import { textHeaders, toRawRecord } from './raw-record.ts';
import type { RawRecord } from './raw-record.ts';

/** A message out of Kafka. */
export type ReadMessage = {
  topic: string;
  partition: number;
  /** A 64-bit number, as decimal digits. */
  offset: string;
  /** Empty when the message has no key. */
  key: string;
  /** Empty when the message has no value. */
  value: Buffer;
  /** As text; of a header that is there several times, the last one. */
  headers: Record<string, string>;
  /** What came, byte for byte. It holds on to the memory of the whole answer that brought it. */
  raw: RawRecord;
  /** When it was produced or appended, as the topic is configured. */
  timestamp: Date;
};

/** A message out of Kafka, to be acknowledged. */
export type ConsumedMessage = ReadMessage & {
  /** The message is dealt with: its offset is committed as soon as those of all messages before it are. */
  ack(): void;
  /** The message will not be dealt with here: it is delivered again, at the next start or to the partition's next owner. */
  leave(): void;
  /**
   * Aborted when the partition is no longer this consumer's, or may not be: the message is delivered again, here or
   * elsewhere, whatever happens to this one. An `ack()` after that does nothing.
   */
  revoked: AbortSignal;
};

/** kafkajs's message in our words. */
export function toReadMessage({
  topic,
  partition,
  message,
}: {
  topic: string;
  partition: number;
  message: KafkaMessage;
}): ReadMessage {
  const raw = toRawRecord(message);
  return {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString('utf8') ?? '',
    value: message.value ?? Buffer.alloc(0),
    headers: textHeaders(raw.headers),
    raw,
    timestamp: new Date(Number(message.timestamp)),
  };
}
