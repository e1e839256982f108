import type { SentMessage } from './producer.ts';
import { isRaw } from './raw-record.ts';

/** What a record costs beside its key, value and headers: lengths, deltas, attributes. An upper bound. */
const recordOverhead = 32;
const headerOverhead = 10;

/** An upper bound of what a message takes in a batch. A character is at most three bytes of UTF-8 for each UTF-16 unit. */
export function mostBytesOf({ key, value, headers }: SentMessage): number {
  let size = recordOverhead + bytesOf(key) + bytesOf(value);
  if (isRaw(headers)) {
    for (const header of headers) size += headerOverhead + header.key.length * 3 + bytesOf(header.value);
    return size;
  }
  for (const name in headers) size += headerOverhead + (name.length + (headers[name] ?? '').length) * 3;
  return size;
}

function bytesOf(part: string | Uint8Array | null): number {
  if (part === null) return 0;
  return typeof part === 'string' ? part.length * 3 : part.byteLength;
}
