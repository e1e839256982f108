import type { KafkaMessage } from './producer.ts';

/** What a record costs beside its key, value and headers: lengths, deltas, attributes. An upper bound. */
const recordOverhead = 32;
const headerOverhead = 6;

/**
 * Splits messages into sends, one after the other, so that none brings more than `maxBytes` for one partition: the
 * broker refuses a batch of a partition above its limit, with nothing wrong in it. A partition's messages keep their
 * order; a message that is larger alone goes alone.
 * @param options.partitionOf any name of the partition a message goes to
 */
export function splitByPartitionBytes(
  messages: readonly KafkaMessage[],
  options: { maxBytes: number; partitionOf: (message: KafkaMessage) => string },
): (readonly KafkaMessage[])[] {
  const { maxBytes, partitionOf } = options;
  const sizes = messages.map(sizeOf);
  if (sizes.reduce((sum, size) => sum + size, 0) <= maxBytes) return [messages];

  const sends: KafkaMessage[][] = [];
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

/** An upper bound of what a message takes in a batch. A character is at most three bytes of UTF-8 for each UTF-16 unit. */
function sizeOf({ key, value, headers }: KafkaMessage): number {
  let size = recordOverhead + key.length * 3 + value.byteLength;
  for (const name in headers) size += headerOverhead + (name.length + (headers[name] ?? '').length) * 3;
  return size;
}
