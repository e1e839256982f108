import { expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { countMessages, holdCheckpoints } from './outbox-seen.fixture.ts';
import { clientOf, firstDeliveries, payRepeatedly, startSystem, type System } from './system.fixture.ts';

it('a PostgreSQL that crashes under a living relay loses no payment, invents none, and keeps the order of every key', async () => {
  await using system = await startSystem();
  const payment = await system.start('payment');
  const relay = await system.start('relay', { RELAY_BATCH_SIZE: '3' });
  await Promise.all([payment.ready(), relay.ready()]);
  using client = clientOf(payment);
  const reservations = Array.from({ length: 6 }, (_, number) => `r-${number}`);
  const crashed = new AbortController();
  const paying = payRepeatedly(client, { reservations, times: 40, enough: crashed.signal });

  const crashes = [20, 100];
  for (const published of crashes) {
    await crashBeforeCheckpoint(system, published);
    await relay.ready();
  }
  crashed.abort();

  const answers = await paying;
  const count = [...answers.values()].flat().length;
  const events = await eventually(
    async () => {
      const published = await system.published();
      expect(differentIn(published)).toBeGreaterThanOrEqual(count);
      return published;
    },
    { timeoutMs: 120_000 },
  );
  expect(firstDeliveries(events)).toEqual(answers);
  // Each crash hit its point: what had been published without a checkpoint was published again.
  expect(events.length - differentIn(events)).toBeGreaterThanOrEqual(crashes.length);
  await relay.waitForLine('PostgreSQL');
}, 240_000);

const differentIn = (events: { messageId: string }[]) => new Set(events.map((event) => event.messageId)).size;

/**
 * Stops PostgreSQL as a crash would, when the relay has published messages and not yet written the checkpoint that says so. It has
 * written `published` others before, so the lanes have positions that are not at the beginning, and that the new session
 * must read.
 */
async function crashBeforeCheckpoint(system: System, published: number): Promise<void> {
  const onlooker = await system.connect();
  await eventually(
    async () => expect((await countMessages(onlooker)).published).toBeGreaterThanOrEqual(published),
    { timeoutMs: 60_000 },
  );
  const held = await holdCheckpoints(onlooker);
  await held.one();
  await system.postgres.stop('immediate');
  await system.postgres.start();
}
