/** A header as it lies in Kafka. A name may come several times, and a value may be null. */
export type RawHeader = Readonly<{ key: string; value: Buffer | null }>;

/**
 * A record byte for byte: an absent key or value is null, not empty, and the headers are all there, in their order. Their
 * names are UTF-8 by Kafka's protocol: bytes in a name that are not come as U+FFFD.
 */
export type RawRecord = Readonly<{
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly RawHeader[];
}>;

/** What our patch of kafkajs adds to a message that was read. */
type Listed = { headerList?: readonly RawHeader[] };

/** The record that kafkajs read. */
export function toRawRecord(message: Readonly<{ key: Buffer | null; value: Buffer | null }>): RawRecord {
  const { key, value } = message;
  const { headerList } = message as Listed;
  if (!headerList) throw new Error('kafkajs is not patched (npm ci does it): there are no raw headers');
  return { key, value, headers: headerList };
}

/** Whether headers are raw ones, not text. */
export const isRaw = (
  headers: readonly RawHeader[] | Readonly<Record<string, string>>,
): headers is readonly RawHeader[] => Array.isArray(headers);

/** Headers as text; of one that is there several times, the last one. One whose last value is null is not there. */
export function textHeaders(headers: readonly RawHeader[]): Record<string, string> {
  const last = new Map(headers.map(({ key, value }) => [key, value]));
  const texts = [...last].flatMap(([key, value]) => (value === null ? [] : [[key, value.toString()]]));
  return Object.fromEntries(texts) as Record<string, string>;
}
