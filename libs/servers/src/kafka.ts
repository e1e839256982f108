import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { prepareKafka } from './kafka-archive.ts';
import * as admin from './kafka-admin.ts';
import { prepareNode, type KafkaNode, type NodeOptions } from './kafka-node.ts';
import { nodeProperties, type KafkaTls } from './kafka-settings.ts';
import { pollUntil } from './poll-until.ts';
import { freePort, loopback } from './ports.ts';

/** How to start a Kafka cluster. */
export interface KafkaOptions {
  /** A folder for this cluster alone. Made if absent; what is in it survives. Always start it with the same `brokers`. */
  dataDir: string;
  /** The first broker's port, or the ports of the brokers in their order. Default: free ones. */
  port?: number | readonly number[];
  /**
   * Default 1: one process that is broker and controller. From 2 on: that many brokers (node ids from 1) and a controller of its
   * own, so that any broker can be stopped, killed and started again while the others go on.
   */
  brokers?: number;
  /** The ports that brokers tell their clients, when proxies stand before them; in the order of the brokers. */
  advertisedPorts?: readonly number[];
  /**
   * A second listener of each broker that takes clients with a certificate alone, and lets them do what ACLs allow. The clear
   * one stays, for the administrator.
   */
  tls?: KafkaTls;
  /** Kafka settings on top of the defaults, for every node. */
  settings?: Readonly<Record<string, string>>;
  log?: (line: string) => void;
}

/** A Kafka of ours, listening on loopback. */
export interface RunningKafka extends AsyncDisposable {
  /** `host:port` of each broker, to be given to clients. */
  brokers: string[];
  /** The same with TLS; none without `tls`. */
  securedBrokers: string[];
  /** The brokers, in the order of their node ids. */
  nodes: KafkaNode[];
  /** Stops brokers, then the controller. */
  stop: () => Promise<void>;
  /** Starts what does not run, on the same ports with the same data. */
  start: () => Promise<void>;
  /** SIGKILL for all at once. */
  kill: () => Promise<void>;
  /** Makes a topic and waits until its partitions are led. */
  createTopic: (topic: admin.NewTopic) => Promise<void>;
  deleteTopic: (topic: string) => Promise<void>;
  /** A topic's partitions as the first running broker sees them. */
  partitions: (topic: string) => Promise<admin.PartitionState[]>;
  /** How many records were ever appended to a topic; 0 when it is not there. */
  recordsAppended: (topic: string) => Promise<number>;
  /** Makes node `to` the leader of a partition that has a replica there, and waits until every running broker knows. */
  moveLeader: (where: { topic: string; partition: number; to: number }) => Promise<void>;
}

const controllerId = 100;

/**
 * Starts a real Apache Kafka in KRaft mode and waits until it takes part. The first start fetches it (see `prepareKafka`).
 *
 * @throws ServerError `tool-missing`, `port-taken`, `data-in-use` or `start-failed`, with the remedy.
 */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const classPath = await prepareKafka({ log: options.log });
  const { nodes, controllers, securedBrokers } = await prepareCluster(options, classPath);
  const all = [...controllers, ...nodes];
  const start = async () => {
    await settled(all.map((node) => node.start()));
    const [first] = nodes;
    if (first) await admin.untilGroupsAreCoordinated(first.broker);
    options.log?.(`Kafka listens on ${nodes.map(({ broker }) => broker).join(', ')}`);
  };
  const stop = async () => {
    await settled(nodes.map((node) => node.stop()));
    await settled(controllers.map((node) => node.stop()));
  };
  const kill = () => settled(all.map((node) => node.kill()));
  await start().catch(async (error: unknown) => {
    await kill();
    throw error;
  });
  return {
    brokers: nodes.map((node, index) => `${loopback}:${options.advertisedPorts?.[index] ?? node.port}`),
    securedBrokers,
    nodes,
    start,
    stop,
    kill,
    ...topicsOf(nodes),
    [Symbol.asyncDispose]: stop,
  };
}

/** Waits for all, then throws the first failure: nothing is left under way behind an error. */
async function settled(steps: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(steps)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function prepareCluster(options: KafkaOptions, classPath: string) {
  const count = options.brokers ?? 1;
  const controller = { id: count === 1 ? 1 : controllerId, port: await freePort() };
  const prepare = (
    node: Pick<NodeOptions, 'name' | 'id' | 'port' | 'ready'>,
    settings: Parameters<typeof nodeProperties>[0],
  ) => {
    const folder = join(resolve(options.dataDir), `node-${node.id}`);
    return prepareNode({
      ...node,
      folder,
      classPath,
      properties: nodeProperties(settings),
      log: options.log,
    });
  };
  const { tls, settings: given = {} } = options;
  const shared = { controller, brokers: count, tls, settings: given };
  const ports = [options.port ?? []].flat();
  while (ports.length < count) ports.push(await freePort());
  const securedPorts: number[] = [];
  while (tls && securedPorts.length < count) securedPorts.push(await freePort());
  const brokers = ports.map((port, index) => {
    const name = count === 1 ? 'Kafka' : `Kafka broker ${index + 1}`;
    const roles = count === 1 ? ('broker,controller' as const) : ('broker' as const);
    const advertisedPort = options.advertisedPorts?.[index] ?? port;
    const securedPort = securedPorts[index];
    const settings = {
      ...shared,
      roles,
      brokerPort: port,
      advertisedPort,
      ...(securedPort !== undefined && { securedPort }),
    };
    return prepare({ name, id: index + 1, port, ready: untilRegistered(index + 1, port) }, settings);
  });
  const separate = {
    name: 'Kafka controller',
    id: controllerId,
    port: controller.port,
    ready: untilListening(controller.port),
  };
  const controllers = count === 1 ? [] : [prepare(separate, { ...shared, roles: 'controller' })];
  return {
    nodes: await Promise.all(brokers),
    controllers: await Promise.all(controllers),
    securedBrokers: securedPorts.map((port) => `${loopback}:${port}`),
  };
}

/** A broker takes part once it counts itself among the living brokers. */
const untilRegistered = (id: number, port: number) => async (giveUpIf: () => void) => {
  await pollUntil(
    { for: `Kafka broker ${id} to take part`, timeoutMs: 120_000, giveUpIf, everyMs: 50 },
    async () => {
      const { brokers } = await admin.clusterState(`${loopback}:${port}`, []);
      return brokers.includes(id) ? true : undefined;
    },
  );
};

const untilListening = (port: number) => async (giveUpIf: () => void) => {
  await pollUntil(
    { for: 'the Kafka controller to listen', timeoutMs: 120_000, giveUpIf, everyMs: 50 },
    async () => {
      await new Promise<void>((done, failed) => {
        const socket = connect({ host: loopback, port }, () => {
          socket.destroy();
          done();
        });
        socket.on('error', failed);
      });
      return true;
    },
  );
};

/** Topic commands, sent to whichever broker runs. */
function topicsOf(
  nodes: readonly KafkaNode[],
): Pick<RunningKafka, 'createTopic' | 'deleteTopic' | 'partitions' | 'recordsAppended' | 'moveLeader'> {
  const running = () => nodes.filter((node) => node.running()).map(({ broker }) => broker);
  const one = () => running()[0] ?? (nodes[0] as KafkaNode).broker;
  const partitions = async (topic: string) =>
    (await admin.clusterState(one(), [topic])).topics.get(topic) ?? [];
  return {
    partitions,
    createTopic: async (topic) => {
      await admin.createTopic(one(), topic);
      await admin.untilTopicIsLed(running(), topic.topic);
    },
    deleteTopic: (topic) => admin.deleteTopic(one(), topic),
    recordsAppended: (topic) => admin.recordsAppended(running(), topic),
    moveLeader: async ({ topic, partition, to }) => {
      const leader = nodes.find(({ id }) => id === to);
      if (!leader) throw new Error(`there is no node ${to}`);
      const replicas =
        (await partitions(topic)).find((state) => state.partition === partition)?.replicas ?? [];
      await admin.placeReplicas(one(), {
        topic,
        partition,
        replicas: [to, ...replicas.filter((id) => id !== to)],
      });
      await admin.electPreferredLeader(one(), { topic, partition });
      await admin.untilLedBy(running(), { topic, partition, leader });
    },
  };
}
