/**
 * Every advisory lock of this service, in PostgreSQL's (int, int) space, where the outbox has classes of its own.
 * `0x504159..` is "PAY" followed by the number of the class.
 */
export const advisoryLockClass = {
  /** One lock per (caller, method, request_id), by its 32-bit hash, held to the end of the transaction. */
  request: 0x50415901,
  /** Migrations of schema `payment`, one at a time. */
  migration: 0x50415902,
  /** Deleting requests whose retention is over, one instance at a time. */
  cleaning: 0x50415908,
} as const;
