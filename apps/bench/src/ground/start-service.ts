import { join } from 'node:path';
import { freePort, launch, logTail, loopback, pollUntil } from '@payments/servers';
import { bareEnvironment } from '../config.ts';
import type { Ground } from './ground.ts';
import { imageOf } from './image.ts';
import type { ServiceName } from './image.ts';

/** A service as it runs in production, in a process of its own. Disposing drains it. */
export interface BenchService extends AsyncDisposable {
  pid: number;
  /** `host:port` of its health endpoints, and of its gRPC server if it has one. */
  http: string;
  grpc: string;
  /** From the start of its process until `/readyz` was 200, in milliseconds. */
  readyAfterMs: number;
}

/** How long it may take to end, in milliseconds. */
const graceMs = 20_000;
/** How often it is asked whether it is ready, in milliseconds. */
const askEveryMs = 5;
/** A Slack that nobody has to talk to, where `env` names none: the notifier does not start without. */
const silentSlack = 'http://127.0.0.1:9/services/T0/B0/x';

/**
 * Starts a service on the ground's Kafka as it is shipped, by its image's own entry point, and waits until it is ready. Telemetry is
 * off where it is not asked for: what that costs is a figure of its own (docs/proofs.md).
 */
export async function startService(
  { folder, kafka }: Pick<Ground, 'folder' | 'kafka'>,
  options: {
    app: ServiceName;
    databaseUrl: string;
    telemetry?: boolean;
    env?: Readonly<Record<string, string>>;
  },
): Promise<BenchService> {
  const { app, databaseUrl, telemetry = false, env = {} } = options;
  const [http, grpc] = [`${loopback}:${await freePort()}`, `${loopback}:${await freePort()}`];
  const listens = { HTTP_LISTEN: http, GRPC_LISTEN: grpc };
  const servers = { DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafka.brokers.join() };
  const logFile = join(folder, `${app}-${http.split(':')[1]}.log`);
  const image = await imageOf(folder, app);
  const begun = performance.now();
  const running = await launch({
    name: app,
    command: process.execPath,
    ...image,
    env: {
      ...bareEnvironment(),
      OTEL_SDK_DISABLED: String(!telemetry),
      OTEL_SERVICE_NAME: app,
      ...servers,
      ...listens,
      SLACK_WEBHOOK_URL: silentSlack,
      ...env,
    },
    logFile,
    endSignal: 'SIGTERM',
    remedy: 'install Node.js',
  });
  const waiting = { for: `${app} to be ready`, timeoutMs: 60_000, everyMs: askEveryMs };
  try {
    await pollUntil({ ...waiting, giveUpIf: running.requireRunning }, () => ready(http));
  } catch (cause) {
    await running.end('SIGKILL', 0);
    throw new Error(`${app} did not become ready:\n${await logTail(logFile)}`, { cause });
  }
  const readyAfterMs = performance.now() - begun;
  return {
    pid: running.pid,
    http,
    grpc,
    readyAfterMs,
    [Symbol.asyncDispose]: async () => {
      if (!(await running.end('SIGTERM', graceMs)))
        throw new Error(`${app} did not end within ${graceMs} ms`);
    },
  };
}

async function ready(http: string): Promise<true | undefined> {
  const reply = await fetch(`http://${http}/readyz`);
  return reply.ok ? true : undefined;
}
