import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './is-alive.ts';
import { javaArguments, runKafkaTool } from './java.ts';
import { javaRemedy } from './kafka-jars.ts';
import { writeProperties } from './kafka-settings.ts';
import { loopback, requireFreePort } from './ports.ts';
import { ServerError } from './server-error.ts';
import { launch, logTail, type ServerProcess } from './server-process.ts';

/** One Kafka process: where it lives and what it is told. */
export interface NodeOptions {
  name: string;
  id: number;
  folder: string;
  port: number;
  classPath: string;
  properties: Readonly<Record<string, string>>;
  /** Resolves when the node does its work; called again at each start. */
  ready: (giveUpIf: () => void) => Promise<void>;
  log: ((line: string) => void) | undefined;
}

/** A Kafka process that can be stopped, killed and started again on its own. */
export interface KafkaNode {
  /** Kafka's `node.id`. */
  id: number;
  port: number;
  /** `host:port`. */
  broker: string;
  readonly pid: number;
  /** Resolves with what ended it, `exit code 1` or `SIGKILL`; another promise after each `start()`. */
  readonly ended: Promise<string>;
  logFile: string;
  running: () => boolean;
  /** SIGTERM: hands its leaderships over and closes its logs; killed after 30 s. */
  stop: () => Promise<void>;
  /** SIGKILL: nothing is flushed or handed over. */
  kill: () => Promise<void>;
  /** Starts it again on the same port with the same data, and waits until it takes part. */
  start: () => Promise<void>;
}

/** The cluster id of every cluster of ours: a folder belongs to one cluster anyway. */
const clusterId = 'cGF5bWVudHMtbG9jYWwtMQ';

/** Writes the node's configuration, formats its folder once, and returns it stopped. */
export async function prepareNode(options: NodeOptions): Promise<KafkaNode> {
  await mkdir(options.folder, { recursive: true });
  await requireUnused(options);
  await format(options);
  const logFile = join(options.folder, 'kafka.log');
  let running: ServerProcess | undefined;
  let starts = 0;
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const byItself = await running?.end(signal, 30_000);
    if (byItself === false)
      options.log?.(`${options.name} did not stop within 30 s and was killed (log: ${logFile})`);
  };
  return {
    id: options.id,
    port: options.port,
    broker: `${loopback}:${options.port}`,
    get pid() {
      return running?.pid ?? 0;
    },
    get ended() {
      return running?.ended ?? Promise.resolve('not started');
    },
    logFile,
    running: () => running?.running() ?? false,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start: async () => {
      if (!running?.running()) running = await boot(options, { logFile, appendLog: starts++ > 0 });
    },
  };
}

async function boot(
  options: NodeOptions,
  log: { logFile: string; appendLog: boolean },
): Promise<ServerProcess> {
  await requireFreePort(options.port, options.name);
  const { classPath } = options;
  const java = javaArguments({
    classPath,
    mainClass: 'kafka.Kafka',
    logConfig: 'log4j2.properties',
    heapMb: 512,
  });
  const running = await launch({
    name: options.name,
    command: 'java',
    args: [...java, propertiesFile(options)],
    ...log,
    endSignal: 'SIGTERM',
    remedy: javaRemedy,
  });
  await writeFile(pidFile(options), `${running.pid}`);
  try {
    await options.ready(running.requireRunning);
  } catch (cause) {
    await running.end('SIGKILL', 5_000);
    const tail = await logTail(log.logFile);
    throw new ServerError('start-failed', `${options.name} did not start (log: ${log.logFile}):\n${tail}`, {
      cause,
    });
  }
  return running;
}

async function format(options: NodeOptions): Promise<void> {
  const data = join(options.folder, 'data');
  const properties = { ...options.properties, 'node.id': `${options.id}`, 'log.dirs': data };
  await writeProperties(propertiesFile(options), properties);
  if (existsSync(join(data, 'meta.properties'))) return;
  await runKafkaTool({
    classPath: options.classPath,
    mainClass: 'kafka.tools.StorageTool',
    args: ['format', '--cluster-id', clusterId, '--config', propertiesFile(options)],
  });
}

async function requireUnused(options: NodeOptions): Promise<void> {
  const pid = Number(await readFile(pidFile(options), 'utf8').catch(() => '0'));
  if (!isAlive(pid) || !(await isKafka(pid))) return;
  throw new ServerError(
    'data-in-use',
    `${options.name} cannot use ${options.folder}, since process ${pid} does: stop what started it, or \`kill ${pid}\`.`,
  );
}

/** A process id is used again after a reboot: where the system tells, it must still be Java. */
async function isKafka(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => 'kafka.Kafka');
  return command.includes('kafka.Kafka');
}

const pidFile = ({ folder }: NodeOptions) => join(folder, 'kafka.pid');
const propertiesFile = ({ folder }: NodeOptions) => join(folder, 'server.properties');
