import type { RawKafkaMessage } from '@payments/kafka';

/** How much is sent at once. */
export type BatchBounds = { messages: number; bytes: number };

/** Takes what comes next out of a queue, as far as it fits; the first goes in any case. */
export function takeBatch<One extends { record: RawKafkaMessage }>(queue: One[], most: BatchBounds): One[] {
  let bytes = 0;
  const end = queue.findIndex(({ record }, index) => {
    bytes += bytesOf(record);
    return index > 0 && (index >= most.messages || bytes > most.bytes);
  });
  return queue.splice(0, end === -1 ? queue.length : end);
}

function bytesOf({ key, value, headers }: RawKafkaMessage): number {
  let bytes = (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  for (const header of headers) bytes += header.key.length + (header.value?.byteLength ?? 0);
  return bytes;
}
