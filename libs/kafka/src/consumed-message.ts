import type { IHeaders, KafkaMessage } from 'kafkajs';

/** A message out of Kafka, to be acknowledged. */
export type ConsumedMessage = {
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
  /** When it was produced or appended, as the topic is configured. */
  timestamp: Date;
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

/** What a message needs from the consumer it came through. */
type Settlement = Pick<ConsumedMessage, 'ack' | 'leave' | 'revoked'>;

/** kafkajs's message in our words. */
export function toConsumedMessage(
  { topic, partition, message }: { topic: string; partition: number; message: KafkaMessage },
  settlement: Settlement,
): ConsumedMessage {
  return {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString('utf8') ?? '',
    value: message.value ?? Buffer.alloc(0),
    headers: textHeaders(message.headers ?? {}),
    timestamp: new Date(Number(message.timestamp)),
    ...settlement,
  };
}

function textHeaders(headers: IHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, lastOf(value)?.toString()] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function lastOf(value: IHeaders[string]): Buffer | string | undefined {
  return Array.isArray(value) ? value.at(-1) : value;
}
