import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJaeger } from './find-jaeger.ts';
import { pollUntil } from './poll-until.ts';
import { freePort, loopback, requireFreePort } from './ports.ts';
import { ServerError } from './server-error.ts';
import { launch, logTail, type ServerProcess } from './server-process.ts';

/** How to start a Jaeger. */
export interface JaegerOptions {
  /** Where its log is kept. Default: a temporary folder that is removed when it stops. */
  logDir?: string;
  /** Port of the query API and of the pages. Default: a free one. */
  queryPort?: number;
  /** Port that takes OTLP over HTTP. Default: a free one. */
  otlpPort?: number;
  log?: (line: string) => void;
}

/** A Jaeger of ours, listening on loopback; traces are kept in memory and go with it. */
export interface RunningJaeger extends AsyncDisposable {
  /** Base URL of the query API: `/api/traces/{id}`. */
  query: string;
  /** Base URL for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  otlp: string;
  pid: number;
  /** Resolves with what ended it: `exit code 1` or `SIGKILL`. */
  ended: Promise<string>;
  stop: () => Promise<void>;
}

/**
 * Starts Jaeger v2 (see `findJaeger`) and waits until it answers.
 *
 * @returns null where there is no Jaeger; `npm run tools` builds one.
 * @throws ServerError `port-taken` or `start-failed`.
 */
export async function startJaeger(options: JaegerOptions = {}): Promise<RunningJaeger | null> {
  const program = await findJaeger();
  if (program === null) return null;
  const queryPort = options.queryPort ?? (await freePort());
  const otlpPort = options.otlpPort ?? (await freePort());
  for (const port of [queryPort, otlpPort]) await requireFreePort(port, 'Jaeger');
  await using temporary = new AsyncDisposableStack();
  const logDir = options.logDir ?? (await temporaryFolder(temporary));
  await mkdir(logDir, { recursive: true });
  const urls = { query: `http://${loopback}:${queryPort}`, otlp: `http://${loopback}:${otlpPort}` };
  const running = await boot({ program, logFile: join(logDir, 'jaeger.log'), queryPort, otlpPort, ...urls });
  const owned = temporary.move();
  const stop = async () => {
    await running.end('SIGTERM', 3_000);
    await owned.disposeAsync();
  };
  options.log?.(`Jaeger listens on ${urls.query}, and for OTLP on ${urls.otlp}`);
  return { ...urls, pid: running.pid, ended: running.ended, stop, [Symbol.asyncDispose]: stop };
}

async function temporaryFolder(owner: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'payments-jaeger-'));
  owner.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function boot(jaeger: {
  program: string;
  logFile: string;
  queryPort: number;
  otlpPort: number;
  query: string;
  otlp: string;
}): Promise<ServerProcess> {
  const running = await launch({
    name: 'Jaeger',
    command: jaeger.program,
    args: ['--config', join(import.meta.dirname, '../jaeger/all-in-one.yaml')],
    logFile: jaeger.logFile,
    env: {
      ...process.env,
      JAEGER_QUERY_ADDRESS: `${loopback}:${jaeger.queryPort}`,
      JAEGER_OTLP_ADDRESS: `${loopback}:${jaeger.otlpPort}`,
    },
    endSignal: 'SIGTERM',
    remedy: 'run `npm run tools`',
  });
  try {
    await untilItAnswers(jaeger, running.requireRunning);
  } catch (cause) {
    await running.end('SIGKILL', 5_000);
    throw new ServerError('start-failed', `Jaeger did not start:\n${await logTail(jaeger.logFile)}`, {
      cause,
    });
  }
  return running;
}

/** Both doors: the query API answers, and the receiver takes an empty export. */
function untilItAnswers(
  { query, otlp }: { query: string; otlp: string },
  giveUpIf: () => void,
): Promise<true> {
  return pollUntil({ for: 'Jaeger to answer', timeoutMs: 60_000, giveUpIf }, async () => {
    const body = JSON.stringify({ resourceSpans: [] });
    const headers = { 'content-type': 'application/json' };
    const [api, receiver] = await Promise.all([
      fetch(`${query}/api/services`),
      fetch(`${otlp}/v1/traces`, { method: 'POST', headers, body }),
    ]);
    return api.ok && receiver.ok ? true : undefined;
  });
}
