import type { OffsetRange, PartitionOffsets } from '@payments/kafka';

/** The dead letters that nobody has dealt with yet: from where the group of the commands stands, up to the end. */
export const openRanges = (offsets: readonly PartitionOffsets[]): OffsetRange[] =>
  offsets.map(({ partition, low, high, committed = low }) => ({
    partition,
    from: later(low, committed),
    until: high,
  }));

/** Every dead letter that the topic still has. */
export const allRanges = (offsets: readonly PartitionOffsets[]): OffsetRange[] =>
  offsets.map(({ partition, low, high }) => ({ partition, from: low, until: high }));

/** The last `count` of each range: of all together the newest are among them. */
export const newestOf = (ranges: readonly OffsetRange[], count: number): OffsetRange[] =>
  ranges.map((range) => ({ ...range, from: later(range.from, range.until - BigInt(count)) }));

/** How many messages ranges hold. */
export const countOf = (ranges: readonly OffsetRange[]): number =>
  Number(ranges.reduce((sum, { from, until }) => sum + (until > from ? until - from : 0n), 0n));

/** Whether a place is in one of the ranges. */
export const isIn = (ranges: readonly OffsetRange[], at: { partition: number; offset: bigint }): boolean =>
  ranges.some(
    ({ partition, from, until }) => partition === at.partition && from <= at.offset && at.offset < until,
  );

const later = (one: bigint, other: bigint): bigint => (one > other ? one : other);
