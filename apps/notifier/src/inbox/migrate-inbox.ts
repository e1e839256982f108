import { migrateSchema } from '@payments/runtime';
import { advisoryLockClass } from './advisory-locks.ts';

/** Brings schema `notifier` to the version of this program, as `migrateSchema` says. */
export const migrateInbox = (options: {
  databaseUrl: string;
  answerWithinMs?: number;
  log?: (line: string) => void;
}): Promise<void> =>
  migrateSchema({
    ...options,
    schema: 'notifier',
    lockClass: advisoryLockClass.migration,
    folder: new URL('migrations/', import.meta.url),
    migrations: ['0001-inbox.sql', '0002-channels.sql'],
  });
