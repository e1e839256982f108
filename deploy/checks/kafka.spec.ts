import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  deadLetterGroup,
  deadLetterPartitions,
  deadLetterTopic,
  deadLetterTopicConfig,
  paymentEventPartitions,
  paymentEventTopic,
  replayPartitions,
  replayTopic,
  replayTopicConfig,
} from '@payments/contracts';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { readNotifierConfig } from '../../apps/notifier/src/config.ts';
import { readRelayConfig } from '../../apps/relay/src/config.ts';

interface Named<Spec> {
  metadata: { name: string; labels?: Record<string, string> };
  spec: Spec;
}
interface Kafka {
  version: string;
  metadataVersion: string;
  listeners: {
    name: string;
    port: number;
    tls: boolean;
    authentication: { type: string };
    networkPolicyPeers: Record<string, { matchLabels: Record<string, string> }>[];
  }[];
  authorization: { type: string };
  config: Record<string, number | boolean>;
}
interface Pool {
  replicas: number;
  roles: string[];
}
interface Topic {
  topicName?: string;
  partitions: number;
  replicas: number;
  config: Record<string, number>;
}
interface User {
  authentication: { type: string };
  authorization: {
    acls: { resource: { type: string; name: string; patternType: string }; operations: string[] }[];
  };
}
interface Scaler {
  scaleTargetRef: { name: string };
  minReplicaCount: number;
  maxReplicaCount: number;
  triggers: { metadata: Record<string, string>; authenticationRef: { name: string } }[];
}
interface Authentication {
  secretTargetRef: { parameter: string; name: string; key: string }[];
}

const root = join(import.meta.dirname, '../..');
const components = join(root, 'deploy/components');
const read = (file: string) =>
  parseAllDocuments(readFileSync(join(components, file), 'utf8')).map(
    (document) => document.toJS() as Named<unknown>,
  );
const [cluster] = read('strimzi/kafka.yaml') as [Named<{ kafka: Kafka }>];
const { kafka } = cluster.spec;
const pools = read('strimzi/node-pools.yaml') as Named<Pool>[];
const topics = read('strimzi/topics.yaml') as Named<Topic>[];
const users = read('strimzi/users.yaml') as Named<User>[];
const [scaler, authentication] = read('keda/notifier-scaler.yaml') as [Named<Scaler>, Named<Authentication>];

const notifier = readNotifierConfig({ SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T/B/x' });
const relay = readRelayConfig({});
const hour = 3_600_000;
const topicOf = (name: string) => {
  const found = topics.find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`there is no topic ${name}`);
  return found.spec;
};
const brokers = pools.filter(({ spec }) => spec.roles.includes('broker'));
const count = (some: Named<Pool>[]) => some.reduce((sum, { spec }) => sum + spec.replicas, 0);

describe('the Kafka of the manifests', () => {
  it('is the one that the specs run on', () => {
    const pom = readFileSync(join(root, 'tools/kafka/pom.xml'), 'utf8');
    expect(kafka.version).toBe(/<kafka\.version>([^<]+)</.exec(pom)?.[1]);
    const release = kafka.version.split('.').slice(0, 2).join('.');
    expect(kafka.metadataVersion.replace(/-IV\d+$/, '')).toBe(release);
  });

  it('has three brokers and an odd number of controllers, which Strimzi finds by their label', () => {
    expect(count(brokers)).toBe(3);
    expect(count(pools.filter(({ spec }) => spec.roles.includes('controller'))) % 2).toBe(1);
    const labels = [...pools, ...topics, ...users].map(({ metadata }) => metadata.labels);
    for (const label of labels) expect(label).toEqual({ 'strimzi.io/cluster': cluster.metadata.name });
  });

  it('lets nobody in without a certificate, and nobody do what no rule allows', () => {
    expect(kafka.listeners.map(({ tls, authentication: { type } }) => [tls, type])).toEqual([[true, 'tls']]);
    expect(kafka.authorization.type).toBe('simple');
    expect(users.map(({ spec }) => spec.authentication.type)).toEqual(users.map(() => 'tls'));
  });

  it('is told nothing that Strimzi sets by itself, and would silently leave out', () => {
    const own =
      /^(listeners|advertised\.|broker\.|listener\.|host\.name|port|inter\.broker\.listener\.name|sasl\.|ssl\.|security\.|password\.|log\.dir|authorizer\.|super\.user|node\.id|process\.roles|controller|metadata\.log\.dir|zookeeper\.|cruise\.control\.)/;
    expect(Object.keys(kafka.config).filter((name) => own.test(name))).toEqual([]);
  });

  it('keeps everything on three brokers, and acknowledges what is on two', () => {
    const replicas = Object.entries(kafka.config).filter(([name]) => name.endsWith('replication.factor'));
    expect(replicas.map(([, value]) => value)).toEqual([3, 3, 3]);
    for (const { spec } of topics)
      expect(spec).toMatchObject({ replicas: 3, config: { 'min.insync.replicas': 2 } });
    expect(kafka.config).toMatchObject({
      'min.insync.replicas': 2,
      'transaction.state.log.min.isr': 2,
      'unclean.leader.election.enable': false,
      'auto.create.topics.enable': false,
    });
  });
});

describe('the topics of the manifests', () => {
  it('are those of the contract', () => {
    const asText = (config: object) =>
      Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)]));
    const found = topics.map(({ metadata: { name }, spec }) => [name, spec.partitions, asText(spec.config)]);
    expect(found).toEqual([
      [paymentEventTopic, paymentEventPartitions, expect.anything()],
      [deadLetterTopic, deadLetterPartitions, expect.objectContaining(deadLetterTopicConfig)],
      [replayTopic, replayPartitions, expect.objectContaining(replayTopicConfig)],
    ]);
  });

  it('keep messages for less long, with the outbox, than the notifier remembers them', () => {
    const slotHours = 12;
    const outboxMs = (relay.retentionHours + slotHours) * hour;
    for (const { spec } of topics.filter(({ metadata }) => metadata.name !== deadLetterTopic))
      expect((spec.config['retention.ms'] ?? Infinity) + outboxMs).toBeLessThan(notifier.retentionMs);
    expect(topicOf(deadLetterTopic).config['retention.ms']).toBeLessThan(notifier.retentionMs);
  });

  it('keep dead letters for less long than it is known how far they are dealt with', () => {
    const offsetsMs = Number(kafka.config['offsets.retention.minutes']) * 60_000;
    expect(topicOf(deadLetterTopic).config['retention.ms']).toBeLessThan(offsetsMs);
  });

  it('take what the relay sends to a partition in one request', () => {
    expect(kafka.config['message.max.bytes']).toBeGreaterThanOrEqual(1_048_588);
    expect(topicOf(paymentEventTopic).config).not.toHaveProperty(['max.message.bytes']);
  });
});

describe('the users of the manifests', () => {
  const { groupId } = notifier;

  // What these are enough for, and what Kafka refuses them, is seen in apps/e2e/src/secured-kafka.
  it('are allowed this and no more, of the topics and of the groups that the notifier and its commands are by default', () => {
    const rights = users.flatMap(({ metadata, spec }) =>
      spec.authorization.acls.map(({ resource: { type, name, patternType }, operations }) =>
        [metadata.name, patternType, type, name, ...operations].join(' '),
      ),
    );
    expect(rights).toEqual([
      `kafka-relay literal topic ${paymentEventTopic} Write`,
      `kafka-notifier literal group ${groupId} Read`,
      `kafka-notifier literal topic ${paymentEventTopic} Read DescribeConfigs`,
      `kafka-notifier literal topic ${replayTopic} Read`,
      `kafka-notifier literal topic ${deadLetterTopic} Write`,
      `kafka-keda literal group ${groupId} Describe`,
      `kafka-keda literal topic ${paymentEventTopic} Describe`,
      `kafka-operator prefix group ${deadLetterGroup(groupId)} Read`,
      `kafka-operator literal topic ${deadLetterTopic} Read`,
      `kafka-operator literal topic ${replayTopic} Write`,
    ]);
  });

  it('are reached by the pods that have one, and KEDA’s', () => {
    const peers = kafka.listeners.flatMap(({ networkPolicyPeers }) => networkPolicyPeers);
    expect(
      peers.map((peer) => Object.values(peer).flatMap(({ matchLabels }) => Object.values(matchLabels))),
    ).toEqual([['relay'], ['notifier'], ['true'], ['keda']]);
  });
});

describe('the scaler of the notifier', () => {
  const [trigger] = scaler.spec.triggers;

  it('asks the Kafka of the manifests, at its listener, for the group and the topic of the notifier', () => {
    expect(scaler.spec.triggers).toHaveLength(1);
    expect(trigger?.metadata).toMatchObject({
      bootstrapServers: `${cluster.metadata.name}-kafka-bootstrap.payments.svc:${kafka.listeners[0]?.port}`,
      consumerGroup: notifier.groupId,
      topic: paymentEventTopic,
      tls: 'enable',
    });
  });

  it('gets in as a user that there is, by the keys of Strimzi’s Secrets', () => {
    expect(trigger?.authenticationRef.name).toBe(authentication.metadata.name);
    expect(authentication.spec.secretTargetRef).toEqual([
      { parameter: 'ca', name: `${cluster.metadata.name}-cluster-ca-cert`, key: 'ca.crt' },
      { parameter: 'cert', name: 'kafka-keda', key: 'user.crt' },
      { parameter: 'key', name: 'kafka-keda', key: 'user.key' },
    ]);
    expect(users.map((user) => user.metadata.name)).toContain('kafka-keda');
  });

  it('has never more notifiers than can share the partitions evenly, and two at least', () => {
    const { scaleTargetRef, minReplicaCount, maxReplicaCount } = scaler.spec;
    expect(scaleTargetRef.name).toBe('notifier');
    expect(minReplicaCount).toBeGreaterThanOrEqual(2);
    expect(maxReplicaCount).toBeGreaterThanOrEqual(minReplicaCount);
    expect(paymentEventPartitions % maxReplicaCount).toBe(0);
  });
});
