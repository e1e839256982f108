/** Every advisory lock of the notifier, in PostgreSQL's (int, int) space: `0x4e5446..` is "NTF" and the number of the class. */
export const advisoryLockClass = {
  /** Migrations of schema `notifier`, one at a time. */
  migration: 0x4e544601,
  /** Deleting rows of the inbox whose retention is over, one notifier at a time. */
  purge: 0x4e544602,
} as const;
