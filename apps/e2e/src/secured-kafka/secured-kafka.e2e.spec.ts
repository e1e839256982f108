import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deadLetterTopic, paymentEventTopic, replayTopic } from '@payments/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureTopics, messages$, openGroupLag, openProducer, topicRetentionMs } from '@payments/kafka';
import { startSlackStandIn, type SlackStandIn } from '@payments/servers';
import { eventually, startService, testServers, throwAwayDatabase } from '@payments/testing';
import type { RunningService } from '@payments/testing';
import kafkajs from 'kafkajs';
import { clientOf, payUntilAnswered } from '../system.fixture.ts';
import { brokerSettings, onOneBroker, topics } from './manifests.fixture.ts';
import { startSecuredKafka, type SecuredKafka } from './secured.fixture.ts';

const root = join(import.meta.dirname, '../../../..');
const groupId = 'payment-notifier';
const closing = new AsyncDisposableStack();
let secured: SecuredKafka;

beforeAll(async () => {
  secured = closing.use(await startSecuredKafka());
});
afterAll(() => closing.disposeAsync());

describe('the services, with the rights that the manifests give them', () => {
  let slack: SlackStandIn;
  let payment: RunningService;
  let relay: RunningService;
  let notifier: RunningService;

  beforeAll(async () => {
    slack = closing.use(await startSlackStandIn());
    const { url: DATABASE_URL } = closing.use(await throwAwayDatabase());
    const start = async (app: 'payment' | 'relay' | 'notifier', env: Record<string, string> = {}) =>
      closing.use(await startService({ app, env: { DATABASE_URL, ...env } }));
    payment = await start('payment');
    relay = await start('relay', { ...secured.envOf('kafka-relay'), RELAY_CREATE_TOPICS: 'false' });
    notifier = await start('notifier', {
      ...secured.envOf('kafka-notifier'),
      SLACK_WEBHOOK_URL: slack.webhook,
      SLACK_MIN_INTERVAL_MS: '0',
      // Less than the topic keeps messages: it is to look, and to say so.
      NOTIFIER_RETENTION_HOURS: '24',
      OTEL_SDK_DISABLED: 'false',
      OTEL_TRACES_EXPORTER: 'none',
    });
    await Promise.all([payment.ready(), relay.ready(), notifier.ready()]);
  });

  const garbage = async () => {
    const { brokers } = secured.kafka;
    await using producer = openProducer({ kafka: { brokers, clientId: 'spec' } });
    const value = Buffer.from('no event');
    await producer.send([{ topic: paymentEventTopic, key: 'r-1', value, headers: {} }]);
  };
  const deadLetters = (count: number) =>
    eventually(async () => expect(await secured.kafka.recordsAppended(deadLetterTopic)).toBe(count), inTime);
  const command = async (...args: string[]) => {
    const env = { ...process.env, ...secured.envOf('kafka-operator'), NO_COLOR: '1' };
    const words = ['apps/cli/src/notifier.ts', 'dead-letters', ...args];
    return (await promisify(execFile)(process.execPath, words, { cwd: root, env })).stdout;
  };

  it('tell a payment in Slack', async () => {
    using client = clientOf(payment);
    const paymentId = await payUntilAnswered(client, 'r-secured');
    await eventually(() => expect(JSON.stringify(slack.received())).toContain(paymentId), inTime);
  });

  it('set aside what can never be told, which people list and replay', async () => {
    await garbage();
    await deadLetters(1);
    expect(JSON.parse(await command('list', '--json'))).toMatchObject({ open: 1 });
    expect(JSON.parse(await command('replay', '--yes', '--json'))).toEqual({ replayed: 1, end: 'ALL' });
    await deadLetters(2);
  });

  it('look how long the topic keeps messages', async () => {
    const warning = 'the topic keeps messages for as long as the inbox remembers them';
    const { fields } = await notifier.waitForLine(warning);
    expect(fields).toMatchObject({ topic: paymentEventTopic, topicHours: 168, inboxHours: 24 });
  });

  it('tell how far they are behind, as KEDA is told', async () => {
    // Asked before the topics are read, it is asked again after 10 s.
    await eventually(async () => {
      const metrics = await (await fetch(`http://${notifier.http}/metrics`)).text();
      const lags = metrics.split('\n').filter((line) => line.startsWith('kafka_consumer_group_lag{'));
      const of = (topic: string) => lags.filter((line) => line.includes(`topic="${topic}"`));
      expect([of(paymentEventTopic).length, of(replayTopic).length]).toEqual([12, 12]);
    }, inTime);
    const asKeda = { kafka: secured.as('kafka-keda'), groupId, topics: [paymentEventTopic], timeoutMs: 5000 };
    await using lag = openGroupLag(asKeda);
    await eventually(
      async () => expect(await lag.read()).toEqual(Array.from({ length: 12 }, partitionRead)),
      inTime,
    );
  });

  it('end at a SIGTERM in order, with nothing left of them in Kafka', async () => {
    expect(await Promise.all([relay, notifier].map((service) => service.kill('SIGTERM')))).toEqual([
      'exit code 0',
      'exit code 0',
    ]);
    const { groups } = await secured.admin.describeGroups([groupId]);
    expect(groups.map(({ state, members }) => [state, members])).toEqual([['Empty', []]]);
    const refusals = [...relay.lines, ...notifier.lines].filter(({ text }) => /authoriz/i.test(text));
    expect(refusals).toEqual([]);
  });
});

describe('no user', () => {
  const send = async (user: string, topic: string) => {
    await using producer = openProducer({ kafka: secured.as(user) });
    await producer.send([{ topic, key: 'k', value: Buffer.from('v'), headers: {} }]);
  };
  const read = async (user: string, topic: string, group: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const messages = messages$({ kafka: secured.as(user), groupId: group, topics: [topic] });
    const reading = messages.subscribe({ next: resolve, error: reject });
    await promise.finally(() => reading.unsubscribe());
  };
  const lag = async (user: string, topic: string, group: string) => {
    const kafka = secured.as(user);
    await using asking = openGroupLag({ kafka, groupId: group, topics: [topic], timeoutMs: 5000 });
    return await asking.read();
  };
  const create = (user: string) =>
    ensureTopics({ kafka: secured.as(user), topics: [{ topic: 'another', partitions: 1 }] });
  const settings = (user: string, topic: string) => topicRetentionMs({ kafka: secured.as(user), topic });

  const noTopic = 'TOPIC_AUTHORIZATION_FAILED';
  const noGroup = 'GROUP_AUTHORIZATION_FAILED';
  // Kafka refuses to name the group's coordinator, and kafkajs says that there is none.
  const noCoordinator = 'KafkaJSGroupCoordinatorNotFound';
  it.each([
    ['the relay writes dead letters', () => send('kafka-relay', deadLetterTopic), noTopic],
    ['the relay reads', () => read('kafka-relay', paymentEventTopic, groupId), noCoordinator],
    ['the relay asks for offsets', () => lag('kafka-relay', paymentEventTopic, groupId), noCoordinator],
    ['the relay makes a topic', () => create('kafka-relay'), noTopic],
    ['the notifier writes payment events', () => send('kafka-notifier', paymentEventTopic), noTopic],
    ['the notifier replays', () => send('kafka-notifier', replayTopic), noTopic],
    [
      'the notifier reads as another group',
      () => read('kafka-notifier', paymentEventTopic, 'other'),
      noCoordinator,
    ],
    ['the notifier makes a topic', () => create('kafka-notifier'), noTopic],
    ['KEDA reads', () => read('kafka-keda', paymentEventTopic, groupId), noGroup],
    ['KEDA writes', () => send('kafka-keda', paymentEventTopic), noTopic],
    ['KEDA looks at settings', () => settings('kafka-keda', paymentEventTopic), noTopic],
    ['a person writes payment events', () => send('kafka-operator', paymentEventTopic), noTopic],
    [
      'a person takes the notifiers’ place',
      () => read('kafka-operator', deadLetterTopic, groupId),
      noCoordinator,
    ],
  ])('does what is not its own: %s', async (_, attempt, code) => {
    await expect(attempt()).rejects.toMatchObject({ code });
  });

  it('is told of a topic that is not its own', async () => {
    expect(await lag('kafka-keda', deadLetterTopic, groupId)).toEqual([]);
  });
});

describe('the settings of the manifests', () => {
  const { BROKER, TOPIC } = kafkajs.ConfigResourceTypes;
  const settingsOf = async (admin: kafkajs.Admin, type: number, name: string) => {
    const answer = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name }] });
    const entries = answer.resources[0]?.configEntries ?? [];
    return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
  };

  it('are those of a broker that runs, and none is a name that Kafka does not know', async () => {
    expect(await settingsOf(secured.admin, BROKER, '1')).toMatchObject(onOneBroker(brokerSettings));
    // A broker tells of every setting that there is, and of those that it was given whether it knows them or not. This one was not.
    const client = { brokers: testServers().kafkaBrokers, logLevel: kafkajs.logLevel.NOTHING };
    const plain = new kafkajs.Kafka(client).admin();
    await plain.connect();
    const known = await settingsOf(plain, BROKER, '1').finally(() => plain.disconnect());
    expect(Object.keys(brokerSettings).filter((name) => !(name in known))).toEqual([]);
  });

  it.each(topics.map(({ metadata, spec }) => [metadata.name, spec] as const))(
    'are those of the topic %s',
    async (name, { partitions, config }) => {
      expect(await settingsOf(secured.admin, TOPIC, name)).toMatchObject(onOneBroker(config));
      expect(await secured.kafka.partitions(name)).toHaveLength(partitions);
    },
  );
});

/** The machine may be busy. */
const inTime = { timeoutMs: 60_000 };
const partitionRead = (_: unknown, partition: number) => ({ topic: paymentEventTopic, partition, lag: 0 });
