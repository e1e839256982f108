import { setTimeout as pause } from 'node:timers/promises';
import { paymentEventTopic, type PaymentClient } from '@payments/contracts';
import { startSlackStandIn, type RunningKafka, type SlackStandIn } from '@payments/servers';
import type { Language, Orders } from './orders.ts';
import { pay, refund } from './pay.ts';
import type { System } from './start-system.ts';

/** What it needs: a system that pays, and where to look at what came of it. */
type Telling = {
  system: System;
  client: PaymentClient;
  orders: Orders;
  language: Language;
  /** Called when one of each outcome is in the channel, and when the digest is. */
  look: (name: 'messages' | 'digest', slack: SlackStandIn) => Promise<void>;
};

/** Longer than a payment takes to Slack on any machine. */
const limitMs = 60_000;

/** Pays, and lets a notifier tell it: a completed, a failed and a refunded payment, then a rush of them as a digest. */
export async function tellSlack({ system, client, orders, language, look }: Telling): Promise<void> {
  const { channel, paid, declined, rush } = orders;
  await using slack = await startSlackStandIn({ channel });
  await using _notifier = await system.start('notifier', {
    SLACK_WEBHOOK_URL: slack.webhook,
    NOTIFIER_LOCALE: language,
  });
  const [paymentId = ''] = await pay(client, paid);
  await until(() => slack.received().length === 1);
  await pay(client, declined);
  await until(() => slack.received().length === 2);
  await refund(client, paymentId);
  await until(() => slack.received().length === 3);
  await look('messages', slack);

  const held = slack.holdNext();
  const before = await system.kafka.recordsAppended(paymentEventTopic);
  await pay(client, paid);
  await held.arrived;
  const ids: string[] = [];
  for (const order of rush) ids.push(...(await pay(client, order)));
  await refund(client, ids[0] ?? '');
  await untilThere(system.kafka, before + 1 + ids.length + 1);
  held.release();
  await until(() => slack.received().length >= 5);
  await look('digest', slack);
}

/** All are in Kafka; from there to the notifier it is a moment. */
async function untilThere(kafka: RunningKafka, records: number): Promise<void> {
  await until(async () => (await kafka.recordsAppended(paymentEventTopic)) >= records);
  await pause(2000);
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`the notifier did not tell it within ${limitMs / 1000} s`);
    await pause(100);
  }
}
