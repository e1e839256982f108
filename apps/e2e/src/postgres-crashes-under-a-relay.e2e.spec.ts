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

  for (const published of [20, 100]) {
    await crashBetweenCheckpoints(system, published);
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

/**
 * Stops PostgreSQL as a crash would, between two checkpoints: the relay has written at least `published` and some more
 * messages wait for it. So the lanes have positions that are not at the beginning, and that the new session must read.
 */
async function crashBetweenCheckpoints(system: System, published: number): Promise<void> {
  const onlooker = await system.connect();
  await eventually(
    async () => {
      const { rows } = await onlooker.query<{ published: number; waiting: number }>(
        `select count(*) filter (where status = 'PUBLISHED')::integer as published,
                count(*) filter (where status = 'INIT')::integer as waiting from outbox.message_status`,
      );
      expect(rows[0]?.published).toBeGreaterThanOrEqual(published);
      expect(rows[0]?.waiting).toBeGreaterThan(0);
    },
    { timeoutMs: 30_000, everyMs: 1 },
  );
  await system.postgres.stop('immediate');
  await system.postgres.start();
}
