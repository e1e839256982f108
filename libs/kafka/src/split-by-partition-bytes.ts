import type { SentMessage } from './producer.ts';
import { mostBytesOf } from './record-size.ts';

/**
 * Splits messages into sends, one after the other, so that none brings more than `maxBytes` for one partition: the
 * broker refuses a batch of a partition above its limit, with nothing wrong in it. A partition's messages keep their
 * order; a message that is larger alone goes alone.
 * @param options.partitionOf any name of the partition a message goes to
 */
export function splitByPartitionBytes<Message extends SentMessage>(
  messages: readonly Message[],
  options: { maxBytes: number; partitionOf: (message: Message) => string },
): (readonly Message[])[] {
  const { maxBytes, partitionOf } = options;
  const sizes = messages.map(mostBytesOf);
  if (sizes.reduce((sum, size) => sum + size, 0) <= maxBytes) return [messages];

  const sends: Message[][] = [];
  /** Which send each partition is being filled in, and with how many bytes. */
  const filled = new Map<string, { send: number; bytes: number }>();
  messages.forEach((message, index) => {
    const partition = partitionOf(message);
    const size = sizes[index] ?? 0;
    const before = filled.get(partition) ?? { send: 0, bytes: 0 };
    const fits = before.bytes === 0 || before.bytes + size <= maxBytes;
    const now = fits
      ? { send: before.send, bytes: before.bytes + size }
      : { send: before.send + 1, bytes: size };
    filled.set(partition, now);
    (sends[now.send] ??= []).push(message);
  });
  return sends;
}
