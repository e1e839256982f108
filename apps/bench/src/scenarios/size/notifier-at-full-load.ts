import { randomUUID } from 'node:crypto';
import { deadLetterTopic, paymentEventTopic } from '@payments/contracts';
import { pollUntil, startSlackStandIn } from '@payments/servers';
import type { SlackStandIn } from '@payments/servers';
import type { BenchDatabase } from '../../ground/ground.ts';
import { startService } from '../../ground/start-service.ts';
import { costOf } from '../../measure/process-cost.ts';
import type { Cost } from '../../measure/process-cost.ts';
import type { Bench } from '../../scenario.ts';

/**
 * Has a notifier tell Slack of the payments in a database's outbox as fast as it can: this Slack takes whatever comes. A relay
 * moves them; looked at is the notifier, when the last one is told. Each reservation has to be told once.
 */
export async function notifierAtFullLoad(
  { ground, stop }: Bench,
  { database, reservations }: { database: BenchDatabase; reservations: readonly string[] },
): Promise<Cost> {
  const groupId = `bench-${randomUUID()}`;
  await using stack = new AsyncDisposableStack();
  for (const topic of [paymentEventTopic, deadLetterTopic])
    stack.defer(() => ground.kafka.deleteTopic(topic));
  const slack = stack.use(await startSlackStandIn());
  const env = {
    NOTIFIER_GROUP_ID: groupId,
    SLACK_WEBHOOK_URL: slack.webhook,
    SLACK_MIN_INTERVAL_MS: '0',
    // As many as a digest has lines, so that each of them can be found again.
    NOTIFIER_DIGEST_MAX: '20',
  };
  const services = { databaseUrl: database.url, telemetry: true };
  const notifier = stack.use(await startService(ground, { app: 'notifier', ...services, env }));
  stack.use(await startService(ground, { app: 'relay', ...services }));
  const told = countTold(slack);
  await pollUntil({ for: 'all payments to be told', timeoutMs: 300_000, everyMs: 50 }, () => {
    stop.throwIfAborted();
    return Promise.resolve(told.size >= reservations.length || undefined);
  });
  const cost = await costOf([notifier.pid]);
  const wrong = reservations.filter((reservation) => told.get(reservation) !== 1);
  if (wrong.length > 0) throw new Error(`${wrong.length} were not told once, ${wrong[0]} among them`);
  return cost;
}

/** How often each reservation stands in what Slack was told. */
function countTold(slack: SlackStandIn): ReadonlyMap<string, number> {
  const told = new Map<string, number>();
  slack.onMessage(({ blocks }) => {
    for (const [reservation] of JSON.stringify(blocks).matchAll(/size-\d+-\d+/g))
      told.set(reservation, (told.get(reservation) ?? 0) + 1);
  });
  return told;
}
