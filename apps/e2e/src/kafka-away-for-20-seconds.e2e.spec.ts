import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { countMessages } from './outbox-seen.fixture.ts';
import { clientOf, firstDeliveries, payRepeatedly, payUntilAnswered, startSystem } from './system.fixture.ts';

it('a Kafka that is away for 20 s delays messages, and neither loses nor reorders one', async () => {
  await using system = await startSystem();
  const payment = await system.start('payment');
  const relay = await system.start('relay', { RELAY_BATCH_SIZE: '5' });
  await Promise.all([payment.ready(), relay.ready()]);
  using client = clientOf(payment);
  const reservations = Array.from({ length: 5 }, (_, number) => `r-${number}`);

  const paying = payRepeatedly(client, { reservations, times: 40 });
  await eventually(async () => expect((await system.kafka.partitions('payment-event')).length).toBe(12));
  await system.kafka.kill();
  const away = pause(20_000);
  const duringTheOutage = await payUntilAnswered(client, 'r-away');
  const answers = (await paying).set('r-away', [duringTheOutage]);
  await eventually(async () => {
    const response = await fetch(`http://${relay.http}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/kafka/i);
  });
  await away;
  // The outage hit its point: there is something that Kafka's absence delays.
  expect((await countMessages(await system.connect())).waiting).toBeGreaterThan(0);
  await system.kafka.start();

  await relay.ready();
  await eventually(
    async () => {
      expect(firstDeliveries(await system.published())).toEqual(answers);
    },
    { timeoutMs: 120_000 },
  );
}, 240_000);
