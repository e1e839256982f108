import { join } from 'node:path';

import { redactSecrets, traceUrlOf } from '@payments/runtime';
import { ServerError, startJaeger, startKafka, startPostgres, startSlackStandIn } from '@payments/servers';
import type { RunningJaeger, SlackStandIn } from '@payments/servers';

import type { ServerPort } from './config.ts';
import { ensureDatabase } from './local-database.ts';
import type { Part, Parts } from './parts.ts';
import type { Stack } from './run-stack.ts';
import { StackError } from './stack-error.ts';

/** The servers under the services: our own, or those that the environment gives. */
export type Servers = AsyncDisposable & {
  databaseUrl: string;
  kafkaBrokers: string[];
  slack: SlackStandIn;
  /** Null where there is none, and where the environment gives an OTLP endpoint. */
  jaeger: RunningJaeger | null;
  /** Where services send their traces; undefined: nowhere. */
  otlpEndpoint: string | undefined;
  /** Where a trace can be seen, with `{traceId}` in it; undefined: nowhere. */
  traceUrl: string | undefined;
};

type Boot = Stack & {
  ports: Partial<Record<ServerPort, number>>;
  /** What was started, to be stopped in reverse. */
  started: AsyncDisposableStack;
};

/**
 * Starts PostgreSQL, Kafka, Jaeger and the Slack stand-in at the same time. If one of them fails, the others are stopped
 * before the error is thrown.
 */
export async function startServers(stack: Stack, ports: Boot['ports']): Promise<Servers> {
  await using started = new AsyncDisposableStack();
  const boot: Boot = { ...stack, ports, started };
  const booting = [postgres(boot), kafka(boot), jaeger(boot), slackStandIn(boot)] as const;
  await Promise.allSettled(booting);
  started.defer(() => stack.parts.expectEnds());
  const [databaseUrl, kafkaBrokers, traces, slack] = await Promise.all(booting);
  stack.stop.throwIfAborted();
  const owned = started.move();
  return { databaseUrl, kafkaBrokers, slack, ...traces, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function postgres(boot: Boot): Promise<string> {
  const { config, screen, started, ports } = boot;
  const given = config.given.databaseUrl;
  if (given) {
    screen.row('PostgreSQL', `${redactSecrets(given)} (DATABASE_URL)`);
    return given;
  }
  const start = async (log: (line: string) => void) => {
    const dataDir = join(config.stateDir, 'postgres');
    const server = started.use(
      await startPostgres({ dataDir, ...portOf(ports.postgres), log: progress(log) }),
    );
    watch(boot, 'PostgreSQL', server, 'SIGQUIT');
    return ensureDatabase(server.url);
  };
  return screen.step('PostgreSQL', start, (url) => url);
}

async function kafka(boot: Boot): Promise<string[]> {
  const { config, screen, started, ports } = boot;
  const given = config.given.kafkaBrokers;
  if (given) {
    screen.row('Kafka', `${given.join(', ')} (KAFKA_BROKERS)`);
    return given;
  }
  const start = async (log: (line: string) => void) => {
    const dataDir = join(config.stateDir, 'kafka');
    const starting = startKafka({ dataDir, ...portOf(ports.kafka), log: progress(log) }).catch(offerDocker);
    const server = started.use(await starting);
    for (const node of server.nodes) watch(boot, 'Kafka', node, 'SIGKILL');
    return server.brokers;
  };
  return screen.step('Kafka', start, (brokers) => brokers.join(', '));
}

/** Kafka alone needs something that npm does not bring. */
function offerDocker(error: unknown): never {
  if (!(error instanceof ServerError) || error.code !== 'tool-missing') throw error;
  const docker = 'Or use Docker for the servers: the head of docker-compose.yml says how.';
  throw new StackError(`${error.message}\n${docker}`, { cause: error });
}

async function jaeger(boot: Boot): Promise<Pick<Servers, 'jaeger' | 'otlpEndpoint' | 'traceUrl'>> {
  const { config, screen, ports } = boot;
  const given = config.given.otlpEndpoint;
  if (given) {
    screen.row('traces', `${given} (OTEL_EXPORTER_OTLP_ENDPOINT)`);
    return { jaeger: null, otlpEndpoint: given, traceUrl: config.traceUrl };
  }
  const options = {
    // In our folder, so that nothing is left elsewhere when we are killed.
    logDir: join(config.stateDir, 'jaeger'),
    ...(ports.jaeger && { queryPort: ports.jaeger }),
    ...(ports.otlp && { otlpPort: ports.otlp }),
  };
  const server = await screen.step(
    'Jaeger',
    (log) => startJaeger({ ...options, log: progress(log) }),
    (running) => running?.query ?? 'not on this machine, so traces are not kept: `npm run tools` builds it',
  );
  if (!server) return { jaeger: null, otlpEndpoint: undefined, traceUrl: config.traceUrl };
  boot.started.use(server);
  watch(boot, 'Jaeger', server, 'SIGKILL');
  const traceUrl = config.traceUrl ?? (await traceUrlOf(server.query));
  return { jaeger: server, otlpEndpoint: server.otlp, traceUrl };
}

async function slackStandIn({ screen, started, ports }: Boot): Promise<SlackStandIn> {
  const slack = started.use(await startSlackStandIn(portOf(ports.slack)));
  screen.row('Slack stand-in', slack.page);
  return slack;
}

function portOf(port: number | undefined): { port?: number } {
  return port === undefined ? {} : { port };
}

/** What a server says while it starts, but for its last line, which the row of the step tells. */
function progress(log: (line: string) => void): (line: string) => void {
  return (line) => (line.includes(' listens on ') ? undefined : log(line));
}

function watch(
  { parts }: { parts: Parts },
  name: string,
  { pid, ended }: Pick<Part, 'pid' | 'ended'>,
  lastResort: NodeJS.Signals,
): void {
  parts.add({ name, pid, lastResort, ended });
}
