import { expect, it } from '@jest/globals';
import { migrateSchema } from '@payments/runtime';
import { throwAwayDatabase } from '@payments/testing';
import { advisoryLockClass } from './advisory-locks.ts';
import { migratePayment } from './migrate-payment.ts';
import { openDatabase } from './open-database.ts';

it('gives up a migration that somebody who reads the tasks keeps waiting: calls would queue up behind it', async () => {
  await using closing = new AsyncDisposableStack();
  const { url: databaseUrl } = closing.use(await throwAwayDatabase());
  await migrateSchema({
    databaseUrl,
    schema: 'payment',
    lockClass: advisoryLockClass.migration,
    folder: new URL('migrations/', import.meta.url),
    migrations: ['0001-payment.sql', '0002-gateway.sql', '0003-reading.sql'],
  });
  const reader = closing.use(openDatabase({ databaseUrl, applicationName: 'reader' })).em.fork();
  await reader.begin();
  closing.defer(() => (reader.isInTransaction() ? reader.rollback() : Promise.resolve()));
  await reader.execute('lock payment.gateway_task in access share mode');
  await expect(migratePayment({ databaseUrl, answerWithinMs: 20_000 })).rejects.toThrow('lock timeout');
  await reader.rollback();
  await migratePayment({ databaseUrl });
});
