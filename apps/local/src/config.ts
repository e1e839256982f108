import { hostPort, integer, postgresUrl, readConfig, url, brokers } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';
import { resolve } from 'node:path';
import { z } from 'zod';

import type { WantedPort } from './choose-port.ts';

/** The root of the repository. */
export const repositoryRoot = resolve(import.meta.dirname, '../../..');

/** What `npm start` and `npm run servers` are told by their environment. */
export type LocalConfig = {
  /** Where state, logs and `stack.json` are: `LOCAL_STATE_DIR`, else `.local`. */
  stateDir: string;
  ports: Record<PortName, WantedPort>;
  /** Servers that are there already: those are used, and none of our own is started in their place. */
  given: { databaseUrl?: string; kafkaBrokers?: string[]; otlpEndpoint?: string };
  /** `{traceId}` stands for the id: `TRACE_URL`. */
  traceUrl?: string;
  telemetry: boolean;
  /** Handed on to the services, whose own variables are in it. */
  env: NodeJS.ProcessEnv;
};

/** What has a port: servers, and services. */
export type PortName = ServerPort | ServicePort;

/** Servers that have a port. */
export type ServerPort = 'postgres' | 'kafka' | 'jaeger' | 'otlp' | 'slack';

/** What services listen on. */
export type ServicePort = 'grpc' | 'paymentHttp' | 'relayHttp' | 'notifierHttp';

const port = integer({ min: 0, max: 65_535 }).optional();

const variables = z
  .object({
    LOCAL_STATE_DIR: z.string().default('.local'),
    GRPC_LISTEN: hostPort.optional(),
    HTTP_LISTEN: hostPort.optional(),
    PAYMENT_HTTP_LISTEN: hostPort.optional(),
    RELAY_HTTP_LISTEN: hostPort.optional(),
    NOTIFIER_HTTP_LISTEN: hostPort.optional(),
    POSTGRES_PORT: port,
    KAFKA_PORT: port,
    JAEGER_PORT: port,
    OTLP_PORT: port,
    SLACK_PORT: port,
    DATABASE_URL: postgresUrl.optional(),
    KAFKA_BROKERS: brokers.optional(),
    OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.optional(),
    OTEL_SDK_DISABLED: z.string().default('false'),
    TRACE_URL: z.string().optional(),
  })
  .superRefine(({ HTTP_LISTEN }, context) => {
    // One fixed port cannot serve three services; any free one (port 0) can be asked for all of them.
    if (!HTTP_LISTEN || HTTP_LISTEN.port === 0) return;
    const message =
      'is the port of one service, and three are started: set PAYMENT_HTTP_LISTEN, RELAY_HTTP_LISTEN and NOTIFIER_HTTP_LISTEN instead';
    context.addIssue({ code: 'custom', path: ['HTTP_LISTEN'], message });
  });

type Variables = z.output<typeof variables>;

/** Reads the environment. @throws ConfigError that names every bad variable */
export function readLocalConfig(env: NodeJS.ProcessEnv): LocalConfig {
  const given = readConfig(variables, env);
  // Services send their traces there whatever else they are told.
  const otlpEndpoint = given.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? given.OTEL_EXPORTER_OTLP_ENDPOINT;
  return {
    stateDir: resolve(repositoryRoot, given.LOCAL_STATE_DIR),
    ports: wantedPorts(given),
    given: {
      ...(given.DATABASE_URL && { databaseUrl: given.DATABASE_URL }),
      ...(given.KAFKA_BROKERS && { kafkaBrokers: given.KAFKA_BROKERS }),
      ...(otlpEndpoint && { otlpEndpoint }),
    },
    ...(given.TRACE_URL && { traceUrl: given.TRACE_URL }),
    telemetry: given.OTEL_SDK_DISABLED.toLowerCase() !== 'true',
    env,
  };
}

/** The ports of servers that are started here: none for those that the environment gives. */
export function serverPorts({ ports, given }: LocalConfig): Partial<Record<ServerPort, WantedPort>> {
  const { postgres, kafka, jaeger, otlp, slack } = ports;
  return {
    slack,
    ...(!given.databaseUrl && { postgres }),
    ...(!given.kafkaBrokers && { kafka }),
    ...(!given.otlpEndpoint && { jaeger, otlp }),
  };
}

/** The ports of the services. */
export function servicePorts({ ports }: LocalConfig): Record<ServicePort, WantedPort> {
  const { grpc, paymentHttp, relayHttp, notifierHttp } = ports;
  return { grpc, paymentHttp, relayHttp, notifierHttp };
}

function wantedPorts(given: Variables): LocalConfig['ports'] {
  return {
    grpc: listens('GRPC_LISTEN', given.GRPC_LISTEN, 50_051),
    paymentHttp: listens('PAYMENT_HTTP_LISTEN', given.PAYMENT_HTTP_LISTEN ?? given.HTTP_LISTEN, 9101),
    relayHttp: listens('RELAY_HTTP_LISTEN', given.RELAY_HTTP_LISTEN ?? given.HTTP_LISTEN, 9102),
    notifierHttp: listens('NOTIFIER_HTTP_LISTEN', given.NOTIFIER_HTTP_LISTEN ?? given.HTTP_LISTEN, 9103),
    postgres: onLoopback('POSTGRES_PORT', given.POSTGRES_PORT, 54_320),
    kafka: onLoopback('KAFKA_PORT', given.KAFKA_PORT, 19_092),
    jaeger: onLoopback('JAEGER_PORT', given.JAEGER_PORT, 16_686),
    otlp: onLoopback('OTLP_PORT', given.OTLP_PORT, 4318),
    slack: onLoopback('SLACK_PORT', given.SLACK_PORT, 9104),
  };
}

function listens(variable: string, asked: HostPort | undefined, usual: number): WantedPort {
  const { host, port } = asked ?? { host: '127.0.0.1', port: usual };
  return { variable, host, port, asked: asked !== undefined };
}

function onLoopback(variable: string, asked: number | undefined, usual: number): WantedPort {
  return { variable, host: '127.0.0.1', port: asked ?? usual, asked: asked !== undefined };
}
