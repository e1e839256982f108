import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { paymentEventTopic } from '@payments/contracts';
import { startPostgres } from '@payments/servers';
import { eventually } from '@payments/testing';
import { openArchive, takeBaseBackup, untilArchived } from './restored/base-backup.fixture.ts';
import { clientOf, firstDeliveries, payUntilAnswered, startSystem } from './system.fixture.ts';

const reservation = 'r-1';

it('a database restored to a moment needs nothing else: what was not published then is, with its ids, and payments go on', async () => {
  await using archive = await openArchive();
  await using system = await startSystem({ settings: archive.archiving });
  const [payment, notifier, relay] = await Promise.all([
    system.start('payment'),
    system.start('notifier'),
    system.start('relay'),
  ]);
  await Promise.all([payment, notifier, relay].map((service) => service.ready()));
  using client = clientOf(payment);
  const pay = async (times: number) => {
    const payments: string[] = [];
    while (payments.length < times) payments.push(await payUntilAnswered(client, reservation));
    return payments;
  };
  const untilPublished = (count: number) =>
    eventually(async () => expect(await system.kafka.recordsAppended(paymentEventTopic)).toBe(count), {
      timeoutMs: 60_000,
    });
  const superuser = await system.connect();

  const backedUp = await pay(4);
  await untilPublished(4);
  const restored = join(archive.folder, 'restored');
  await takeBaseBackup(superuser, restored);
  const archived = await pay(4);
  await untilPublished(8);
  await relay.kill('SIGTERM');
  const waiting = await pay(3);
  await superuser.query(`select pg_create_restore_point('before the mistake')`);
  const next = await system.start('relay');
  const mistaken = await pay(2);
  await untilPublished(13);
  await eventually(() => expect(system.slack.received()).toHaveLength(13), { timeoutMs: 60_000 });
  await untilArchived(superuser);

  await system.postgres.stop('immediate');
  await using _ = await startPostgres({
    dataDir: restored,
    port: system.postgres.port,
    settings: archive.restoring('before the mistake'),
  });
  await Promise.all([payment, notifier, next].map((service) => service.ready()));
  const later = await pay(2);
  await untilPublished(18);
  await next.waitForLine('was promoted');

  const events = await system.published();
  expect(firstDeliveries(events).get(reservation)).toEqual([
    ...backedUp,
    ...archived,
    ...waiting,
    ...mistaken,
    ...later,
  ]);
  const idsOf = (paymentId: string) =>
    events.filter((event) => event.payment.paymentId === paymentId).map(({ messageId }) => messageId);
  for (const paymentId of waiting) {
    expect(idsOf(paymentId)).toHaveLength(2);
    expect(new Set(idsOf(paymentId)).size).toBe(1);
    await expect(client.getPayment({ paymentId })).resolves.toMatchObject({ payment: { paymentId } });
  }
  // What came after the moment is gone from the database, and stays where it was published.
  for (const paymentId of mistaken) await expect(client.getPayment({ paymentId })).rejects.toThrow();
  // What the notifier knew of was restored, too: it tells once more what it had not been told of by then.
  await eventually(() => expect(system.slack.received()).toHaveLength(18), { timeoutMs: 60_000 });
}, 240_000);
