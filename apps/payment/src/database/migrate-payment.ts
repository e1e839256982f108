import { migrateSchema } from '@payments/runtime';
import { advisoryLockClass } from './advisory-locks.ts';

/** Brings schema `payment` to the version of this service, as `migrateSchema` says. */
export const migratePayment = (options: {
  databaseUrl: string;
  answerWithinMs?: number;
  log?: (line: string) => void;
}): Promise<void> =>
  migrateSchema({
    ...options,
    schema: 'payment',
    lockClass: advisoryLockClass.migration,
    folder: new URL('migrations/', import.meta.url),
    migrations: ['0001-payment.sql', '0002-gateway.sql', '0003-reading.sql', '0004-telling.sql'],
  });
