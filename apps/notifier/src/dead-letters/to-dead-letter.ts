import {
  deadLetterTopic,
  readDeadLetterMark,
  replayTopic,
  withDeadLetterMark,
} from '@payments/contracts/events';
import type { RawKafkaMessage, ReadMessage } from '@payments/kafka';

/** What a dead letter is made of beside its message. Topics: others than the contract's, for specs. */
export type ToDeadLetterOptions = {
  reason: string;
  group: string;
  now: Date;
  topic?: string;
  replayTopic?: string;
};

/** Several channels may each have refused a message for a reason of its own; nobody needs more of them than this. */
const reasonCharacters = 1_000;

/**
 * The dead letter of a message: its bytes, and behind its headers where it came from and why it is set aside. One that was
 * replayed keeps the place of the first time.
 */
export function toDeadLetter(message: ReadMessage, options: ToDeadLetterOptions): RawKafkaMessage {
  const { key, value, headers } = message.raw;
  const replayed = message.topic === (options.replayTopic ?? replayTopic);
  const before = replayed ? readDeadLetterMark(headers) : undefined;
  const { topic, partition, offset, timestamp } = message;
  const origin = before?.mark ?? { topic, partition, offset, timestamp: timestamp.getTime() };
  const reason = options.reason.slice(0, reasonCharacters).toWellFormed();
  const mark = { ...origin, reason, group: options.group, setAsideAt: options.now };
  return {
    topic: options.topic ?? deadLetterTopic,
    key,
    value,
    headers: withDeadLetterMark(before?.headers ?? headers, mark),
  };
}
