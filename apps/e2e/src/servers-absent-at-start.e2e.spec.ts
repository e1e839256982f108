import { expect, it } from '@jest/globals';
import { eventually, type RunningService } from '@payments/testing';
import { clientOf, payUntilAnswered, startSystem } from './system.fixture.ts';

it('services that start before PostgreSQL and Kafka wait, say why, and come good by themselves', async () => {
  await using system = await startSystem({ running: false });
  const services = await Promise.all([
    system.start('payment'),
    system.start('relay'),
    system.start('notifier'),
  ]);
  for (const service of services) await expectWaiting(service);

  await system.postgres.start();
  await system.kafka.start();
  for (const service of services) await service.ready();
  const [payment] = services;
  using client = clientOf(payment);
  await payUntilAnswered(client, 'r-after-all');
  await eventually(() => expect(system.slack.received()).toHaveLength(1), { timeoutMs: 60_000 });
}, 240_000);

it('payments made before the first relay ever ran arrive', async () => {
  await using system = await startSystem();
  const payment = await system.start('payment');
  await payment.ready();
  using client = clientOf(payment);
  const early = await payUntilAnswered(client, 'r-early');

  await Promise.all([system.start('relay'), system.start('notifier')]);
  await eventually(() => expect(system.slack.received()).toHaveLength(1), { timeoutMs: 60_000 });
  expect((await system.published()).map(({ payment }) => payment.paymentId)).toEqual([early]);
}, 240_000);

/** Alive, not ready with a reason, and one line per attempt with growing pauses. */
async function expectWaiting(service: RunningService): Promise<void> {
  expect((await fetch(`http://${service.http}/livez`)).status).toBe(200);
  const attempts = () =>
    service.lines.filter(({ text }) => /not available|cannot be reached|ECONNREFUSED/i.test(text));
  await eventually(() => expect(attempts().length).toBeGreaterThanOrEqual(3), { timeoutMs: 60_000 });
  const readyz = await fetch(`http://${service.http}/readyz`);
  expect(readyz.status).toBe(503);
  expect(await readyz.text()).toMatch(/postgres|kafka/i);
}
