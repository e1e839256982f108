import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { paymentEventTopic, replayTopic } from '@payments/contracts';
import { eventually, freePort, startService, testServers, throwAwayDatabase } from '@payments/testing';

async function notifier(env: Record<string, string>) {
  const stack = new AsyncDisposableStack();
  const { url } = stack.use(await throwAwayDatabase());
  const group = `notifier-${randomUUID()}`;
  const webhook = 'http://127.0.0.1:1/';
  const own = {
    DATABASE_URL: url,
    NOTIFIER_GROUP_ID: group,
    SLACK_WEBHOOK_URL: webhook,
    OTEL_SDK_DISABLED: 'false',
  };
  const service = stack.use(await startService({ app: 'notifier', env: { ...own, ...env } }));
  const page = async () => (await fetch(`http://${service.http}/metrics`)).text();
  return { group, service, page, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

it('the page of a notifier has the lag of its group in each partition of both topics', async () => {
  await using one = await notifier({ KAFKA_BROKERS: testServers().kafkaBrokers.join() });
  await one.service.ready();
  // Asked before the topics were made, it is asked again after 10 s.
  const lag = await eventually(
    async () => {
      const lines = (await one.page())
        .split('\n')
        .filter((line) => line.startsWith('kafka_consumer_group_lag{'));
      expect(lines.length).toBeGreaterThan(0);
      return lines;
    },
    { timeoutMs: 60_000 },
  );
  const of = (topic: string) =>
    lag.filter((line) => line.includes(`group="${one.group}",topic="${topic}",partition="`));
  expect(of(paymentEventTopic)).toHaveLength(12);
  expect(of(replayTopic).length).toBeGreaterThan(0);
});

it('the page of a notifier without Kafka is there all the same, soon, without a lag and with one line in the log', async () => {
  await using one = await notifier({ KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
  const begun = performance.now();
  const page = await one.page();
  expect(performance.now() - begun).toBeLessThan(8000);
  expect(page).toContain('health_ready');
  expect(page).not.toContain('kafka_consumer_group_lag{');
  await one.page();
  const told = one.service.lines.filter(
    ({ fields }) => fields['msg'] === 'the lag of the group is not known',
  );
  expect(told.length).toBeLessThan(2);
});
