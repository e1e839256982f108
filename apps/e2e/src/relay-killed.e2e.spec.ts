import { expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { holdCheckpoints } from './outbox-seen.fixture.ts';
import {
  clientOf,
  firstDeliveries,
  payRepeatedly,
  payUntilAnswered,
  startSystem,
  type System,
} from './system.fixture.ts';

it('a relay killed between publishing and its checkpoint loses nothing, and Slack is told each payment once', async () => {
  await using system = await startSystem();
  const payment = await system.start('payment');
  const notifier = await system.start('notifier');
  const relay = await system.start('relay');
  await Promise.all([payment.ready(), notifier.ready(), relay.ready()]);
  using client = clientOf(payment);

  const held = await holdCheckpoints(await system.connect());
  const answers = await payRepeatedly(client, { reservations: ['r-1', 'r-2', 'r-3'], times: 4 });
  await held.one();
  const publishedBefore = (await system.published()).length;
  expect(publishedBefore).toBeGreaterThan(0);
  await relay.kill('SIGKILL');
  // The server would still write the checkpoint that it holds back; this one never gets there.
  await held.drop();

  await (await system.start('relay')).ready();
  const count = [...answers.values()].flat().length;
  await eventually(() => expect(toldPayments(system)).toHaveLength(count), { timeoutMs: 60_000 });
  const events = await system.published();
  expect(firstDeliveries(events)).toEqual(answers);
  // The kill hit its point: what had been published was published again.
  expect(events.length).toBeGreaterThanOrEqual(count + publishedBefore);

  // A last payment of each reservation comes behind the repeats in its partition: once it is told, they were dropped.
  for (const reservation of answers.keys()) await payUntilAnswered(client, reservation);
  const told = count + answers.size;
  await eventually(() => expect(new Set(toldPayments(system)).size).toBe(told), { timeoutMs: 60_000 });
  expect(toldPayments(system)).toHaveLength(told);
}, 240_000);

/** What Slack was told, as texts. Each payment's text is its own, for it names the payment. */
const toldPayments = (system: System): string[] =>
  system.slack.received().map((message) => JSON.stringify(message.blocks) + message.text);
