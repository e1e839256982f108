import { writeFile } from 'node:fs/promises';
import { loopback } from './ports.ts';

/**
 * Paths of PEM files: the certificate chain of the brokers with its key (PKCS#8) in one file, for the name 127.0.0.1, and the authorities
 * whose clients are let in. Read at each start.
 */
export interface KafkaTls {
  keystore: string;
  truststore: string;
}

/** What a node of our clusters is told, by its part. Names are Kafka's own (kafka.apache.org/documentation/#brokerconfigs). */
export interface NodeSettings {
  roles: 'broker' | 'controller' | 'broker,controller';
  /** Where clients reach the broker; another one than `brokerPort` when a proxy stands before it. */
  brokerPort?: number;
  advertisedPort?: number;
  /** Where clients reach the broker with TLS, if `tls` is given. */
  securedPort?: number;
  tls?: KafkaTls | undefined;
  controller: { id: number; port: number };
  /** How many brokers the cluster has. */
  brokers: number;
  /** On top of, or instead of, the rest. */
  settings: Readonly<Record<string, string>>;
}

/** The properties of one node, but for its id and its folder. */
export function nodeProperties(node: NodeSettings): Record<string, string> {
  return { ...shared(node.brokers), ...network(node), ...security(node), ...node.settings };
}

/** Writes properties as Java reads them. */
export async function writeProperties(
  file: string,
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  const lines = Object.entries(properties).map(
    ([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`,
  );
  await writeFile(file, lines.join(''));
}

function network(node: NodeSettings): Record<string, string> {
  const { roles, brokerPort, advertisedPort, securedPort, controller } = node;
  const broker = brokerPort === undefined ? [] : [`PLAINTEXT://${loopback}:${brokerPort}`];
  const withTls = securedPort === undefined ? [] : [`SSL://${loopback}:${securedPort}`];
  const voter = roles === 'broker' ? [] : [`CONTROLLER://${loopback}:${controller.port}`];
  return {
    'process.roles': roles,
    listeners: [...broker, ...withTls, ...voter].join(','),
    ...(broker.length > 0 && {
      'advertised.listeners': [`PLAINTEXT://${loopback}:${advertisedPort ?? brokerPort}`, ...withTls].join(
        ',',
      ),
    }),
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `${controller.id}@${loopback}:${controller.port}`,
  };
}

/**
 * Who comes with a certificate is `User:CN=…` by its subject, and may do what ACLs allow. Who comes in the clear is the
 * administrator: brokers, controllers, and what this package asks.
 */
function security({ tls }: NodeSettings): Record<string, string> {
  if (!tls) return {};
  return {
    // The default, but that has no CONTROLLER once a listener has TLS.
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': tls.keystore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': tls.truststore,
    'ssl.client.auth': 'required',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  };
}

const shared = (brokers: number): Record<string, string> => ({
  // Topics are made on purpose; a producer that is early must not make one with the wrong number of partitions.
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '4',
  // On every broker: a group must find its coordinator while one of them is away.
  'offsets.topic.replication.factor': `${brokers}`,
  'transaction.state.log.num.partitions': '4',
  'transaction.state.log.replication.factor': `${brokers}`,
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '4',
  'share.coordinator.state.topic.replication.factor': `${brokers}`,
  'share.coordinator.state.topic.min.isr': '1',
  'default.replication.factor': `${brokers}`,
  'min.insync.replicas': '1',
  // Kafka's default. A broker that misses its heartbeats for so long is taken for dead, which on a busy machine 4 s are too short
  // for. Longer is dear: one that was killed is not let in again before its session is over (measured: 4 s make 5.7 s from kill
  // to up again, and with 60 s it gives up).
  'broker.session.timeout.ms': '9000',
  'broker.heartbeat.interval.ms': '500',
  'controlled.shutdown.enable': 'true',
  // Little disk and memory: the defaults are made for terabytes.
  'log.segment.bytes': '67108864',
  'log.index.size.max.bytes': '1048576',
  'log.cleaner.threads': '1',
  'log.cleaner.dedupe.buffer.size': '8388608',
  'num.network.threads': '2',
  'num.io.threads': '4',
  'background.threads': '2',
  'num.recovery.threads.per.data.dir': '2',
});
