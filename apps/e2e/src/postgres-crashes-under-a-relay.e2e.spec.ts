import { expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { clientOf, firstDeliveries, payRepeatedly, startSystem, type System } from './system.fixture.ts';

it('a PostgreSQL that crashes under a living relay loses no payment, invents none, and keeps the order of every key', async () => {
  await using system = await startSystem();
  const payment = await system.start('payment');
  const relay = await system.start('relay', { RELAY_BATCH_SIZE: '3' });
  await Promise.all([payment.ready(), relay.ready()]);
  using client = clientOf(payment);
  const reservations = Array.from({ length: 6 }, (_, number) => `r-${number}`);
  const paying = payRepeatedly(client, { reservations, times: 40 });

  for (let crash = 0; crash < 2; crash++) {
    await crashWhileMessagesWait(system);
    await relay.ready({ timeoutMs: 30_000 });
  }

  const answers = await paying;
  const events = await eventually(
    async () => {
      const published = await system.published();
      expect(new Set(published.map(({ messageId }) => messageId)).size).toBeGreaterThanOrEqual(240);
      return published;
    },
    { timeoutMs: 60_000 },
  );
  expect(firstDeliveries(events)).toEqual(answers);
  expect(relay.lines.some(({ text }) => /PostgreSQL/.test(text))).toBe(true);
}, 180_000);

/** Stops PostgreSQL as a crash would at a moment at which it holds messages that no checkpoint covers yet. */
async function crashWhileMessagesWait(system: System): Promise<void> {
  const onlooker = await system.connect();
  await eventually(
    async () => {
      const { rows } = await onlooker.query<{ waiting: number }>(
        `select count(*)::integer as waiting from outbox.message_status where status = 'INIT'`,
      );
      expect(rows[0]?.waiting).toBeGreaterThan(0);
      expect(rows[0]?.waiting).toBeLessThan(200);
    },
    { everyMs: 1 },
  );
  await system.postgres.stop('immediate');
  await system.postgres.start();
}
