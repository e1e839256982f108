/**
 * Every advisory lock of the outbox. PostgreSQL has two separate spaces of advisory locks; ours are:
 *
 * - the bigint space: one lock per message key, `hashtextextended(key, 0)`, held to the end of the transaction;
 * - the (int, int) space: the classes below. `0x4f4258..` is "OBX" followed by the number of the class.
 *
 * The migrations are plain SQL and repeat `bucket` and `retention` as literals; a spec compares them.
 */
export const advisoryLockClass = {
  /** 1,024 buckets of keys: shared by writers of single keys, exclusive for a writer of many keys at once. */
  bucket: 0x4f425801,
  /** The 16 lanes, each owned by one relay. */
  lane: 0x4f425802,
  /** Migrations of the schema, one at a time. */
  migration: 0x4f425803,
  /** Relays that take part in sharing the lanes: each holds it shared. */
  member: 0x4f425804,
  /** Emptying of slots, by one relay at a time; held to the end of that statement. */
  retention: 0x4f425805,
} as const;
