import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { formatHostPort } from '@payments/runtime';

import type { LocalConfig, ServicePort } from './config.ts';
import type { Stack } from './run-stack.ts';
import type { Servers } from './start-servers.ts';
import { startService } from './start-service.ts';
import type { Service, ServiceName } from './start-service.ts';
import { untilReady } from './until-ready.ts';

/** The three services, ready. Disposing drains them: first what takes payments, last what tells of them. */
export type Services = AsyncDisposable & Record<ServiceName, Service>;

type Start = Stack & { servers: Servers; ports: Record<ServicePort, number> };

/** The ports of each service, by the variable that tells it. */
const listens: Record<ServiceName, Partial<Record<'GRPC_LISTEN' | 'HTTP_LISTEN', ServicePort>>> = {
  payment: { GRPC_LISTEN: 'grpc', HTTP_LISTEN: 'paymentHttp' },
  relay: { HTTP_LISTEN: 'relayHttp' },
  notifier: { HTTP_LISTEN: 'notifierHttp' },
};

/** Starts the services at the same time and waits until each says that it is ready. */
export async function startServices(options: Start): Promise<Services> {
  const { parts, config } = options;
  await mkdir(logDirectory(config), { recursive: true });
  await using started = new AsyncDisposableStack();
  const names: ServiceName[] = ['notifier', 'relay', 'payment'];
  const starting = names.map((name) => start(name, options));
  for (const service of await Promise.allSettled(starting)) {
    if (service.status === 'fulfilled') started.use(service.value);
  }
  started.defer(() => parts.expectEnds());
  const [notifier, relay, payment] = (await Promise.all(starting)) as [Service, Service, Service];
  const owned = started.move();
  return { payment, relay, notifier, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Where the logs of the services are. */
export function logDirectory({ stateDir }: LocalConfig): string {
  return join(stateDir, 'logs');
}

function start(name: ServiceName, { config, servers, ports, screen, parts, stop }: Start): Promise<Service> {
  const boot = async () => {
    const env = { ...serviceEnvironment(name, config, servers), ...addresses(name, config, ports) };
    const echo = (text: string) => screen.warn(`${name}: ${text}`);
    await using started = new AsyncDisposableStack();
    const service = started.use(await startService({ name, env, logDir: logDirectory(config), echo, stop }));
    await untilReady(service, stop);
    parts.add({ ...service, lastResort: 'SIGKILL' });
    started.move();
    return service;
  };
  return screen.step(name, boot, ({ listening: { grpc, http } }) =>
    grpc ? `gRPC ${grpc}, http://${http}/readyz` : `http://${http}/readyz`,
  );
}

/** Everything a service is told but its ports. What the environment already says of a service's own settings stays. */
function serviceEnvironment(
  name: ServiceName,
  config: LocalConfig,
  servers: Pick<Servers, 'databaseUrl' | 'kafkaBrokers' | 'slack' | 'jaeger' | 'otlpEndpoint' | 'traceUrl'>,
): NodeJS.ProcessEnv {
  const { jaeger, otlpEndpoint, traceUrl } = servers;
  return {
    GRPC_REFLECTION: 'true',
    // A person waits for the trace: it is sent sooner than the usual five seconds.
    OTEL_BSP_SCHEDULE_DELAY: '500',
    ...config.env,
    OTEL_SERVICE_NAME: name,
    DATABASE_URL: servers.databaseUrl,
    KAFKA_BROKERS: servers.kafkaBrokers.join(','),
    SLACK_WEBHOOK_URL: servers.slack.webhook,
    ...(otlpEndpoint && { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }),
    // Ours has no other door, whatever somebody's collector elsewhere has.
    ...(jaeger && { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }),
    ...(traceUrl && { TRACE_URL: traceUrl }),
  };
}

function addresses(
  name: ServiceName,
  config: LocalConfig,
  ports: Record<ServicePort, number>,
): Record<string, string> {
  const listening = Object.entries(listens[name]).map(([variable, port]) => {
    const { host } = config.ports[port];
    return [variable, formatHostPort({ host, port: ports[port] })] as const;
  });
  return Object.fromEntries(listening);
}
