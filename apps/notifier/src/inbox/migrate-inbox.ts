import { migrateSchema } from '@payments/runtime';

/** In the (int, int) space of advisory locks: "NTF" and the number of the class. */
const migrationLockClass = 0x4e544601;

/** Brings schema `notifier` to the version of this program, as `migrateSchema` says. */
export const migrateInbox = (options: {
  databaseUrl: string;
  answerWithinMs?: number;
  log?: (line: string) => void;
}): Promise<void> =>
  migrateSchema({
    ...options,
    schema: 'notifier',
    lockClass: migrationLockClass,
    folder: new URL('migrations/', import.meta.url),
    migrations: ['0001-inbox.sql', '0002-channels.sql'],
  });
