import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka, startPostgres, type RunningKafka } from '@payments/servers';
import { startService, type Service, type ServiceName } from '../../apps/local/src/start-service.ts';
import { untilReady } from '../../apps/local/src/until-ready.ts';
import { paymentLimit } from './orders.ts';

/** A system to throw away: its servers, and the way to start services on them. */
export type System = AsyncDisposable & {
  kafka: RunningKafka;
  /** Starts a service and waits until it is ready. */
  start: (name: ServiceName, env?: Record<string, string>) => Promise<Service>;
};

/** Starts PostgreSQL and Kafka. What services print goes to files that go with the system. */
export async function startSystem(stop: AbortSignal): Promise<System> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'payments-screens-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const logDir = join(folder, 'logs');
  await mkdir(logDir);
  const postgres = cleanup.use(await startPostgres({ dataDir: join(folder, 'postgres') }));
  const kafka = cleanup.use(await startKafka({ dataDir: join(folder, 'kafka') }));
  const common = {
    ...process.env,
    DATABASE_URL: postgres.url,
    KAFKA_BROKERS: kafka.brokers.join(','),
    PAYMENT_LIMIT: paymentLimit,
    HTTP_LISTEN: '127.0.0.1:0',
    GRPC_LISTEN: '127.0.0.1:0',
    // Traces are begun, so that messages link to them; the spans go to the log.
    OTEL_SDK_DISABLED: 'false',
    OTEL_TRACES_EXPORTER: 'console',
    TRACE_URL: 'http://localhost:16686/trace/{traceId}',
  };
  const running = cleanup.move();
  return {
    kafka,
    async start(name, more = {}) {
      const env = { ...common, OTEL_SERVICE_NAME: name, ...more };
      const service = running.use(await startService({ name, env, logDir, echo: () => undefined, stop }));
      await untilReady(service, stop);
      return service;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
