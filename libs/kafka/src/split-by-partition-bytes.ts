import type { SentMessage } from './producer.ts';
import { isRaw } from './raw-record.ts';

/** What a record costs beside its key, value and headers: lengths, deltas, attributes. An upper bound. */
const recordOverhead = 32;
const headerOverhead = 6;
const rawHeaderOverhead = 10;

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
  const sizes = messages.map(sizeOf);
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

/** An upper bound of what a message takes in a batch. A character is at most three bytes of UTF-8 for each UTF-16 unit. */
function sizeOf({ key, value, headers }: SentMessage): number {
  let size = recordOverhead + bytesOf(key) + bytesOf(value);
  if (isRaw(headers)) {
    for (const header of headers) size += rawHeaderOverhead + header.key.length * 3 + bytesOf(header.value);
    return size;
  }
  for (const name in headers) size += headerOverhead + (name.length + (headers[name] ?? '').length) * 3;
  return size;
}

function bytesOf(part: string | Uint8Array | null): number {
  if (part === null) return 0;
  return typeof part === 'string' ? part.length * 3 : part.byteLength;
}
