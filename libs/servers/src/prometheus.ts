import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPrometheus } from './find-prometheus.ts';
import { pollUntil } from './poll-until.ts';
import { freePort, loopback } from './ports.ts';
import { ServerError } from './server-error.ts';
import { launch, logTail, type ServerProcess } from './server-process.ts';

/** How to start a Prometheus. */
export interface PrometheusOptions {
  /** What to scrape, `host:port` each, by the name of its job. */
  targets: Readonly<Record<string, readonly string[]>>;
  /** Files of rules, absolute. */
  rules?: readonly string[];
  /** Seconds from one scrape, and one look at the rules, to the next. Default 1. */
  everySeconds?: number;
}

/** A Prometheus of ours, listening on loopback; what it has scraped goes with it. */
export interface RunningPrometheus extends AsyncDisposable {
  /** Base URL of its API. */
  url: string;
  stop: () => Promise<void>;
}

/**
 * Starts Prometheus, which keeps exemplars, and waits until it is ready.
 *
 * @returns null where there is no Prometheus (`prometheusRemedy`).
 * @throws ServerError `start-failed`.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus | null> {
  const programs = await findPrometheus();
  if (programs === null) return null;
  await using temporary = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'payments-prometheus-'));
  temporary.defer(() => rm(folder, { recursive: true, force: true }));
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configOf(options)));
  const port = await freePort();
  const url = `http://${loopback}:${port}`;
  const running = await boot({ program: programs.prometheus, folder, port, url });
  const owned = temporary.move();
  const stop = async () => {
    await running.end('SIGTERM', 5_000);
    await owned.disposeAsync();
  };
  return { url, stop, [Symbol.asyncDispose]: stop };
}

function configOf({ targets, rules = [], everySeconds = 1 }: PrometheusOptions) {
  const interval = `${everySeconds}s`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: rules,
    scrape_configs: Object.entries(targets).map(([job, addresses]) => ({
      job_name: job,
      static_configs: [{ targets: addresses }],
    })),
  };
}

async function boot(options: {
  program: string;
  folder: string;
  port: number;
  url: string;
}): Promise<ServerProcess> {
  const { program, folder, port, url } = options;
  const logFile = join(folder, 'prometheus.log');
  const running = await launch({
    name: 'Prometheus',
    command: program,
    args: [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${loopback}:${port}`,
      '--enable-feature=exemplar-storage',
    ],
    logFile,
    endSignal: 'SIGTERM',
    remedy: 'install it',
  });
  try {
    await pollUntil(
      { for: 'Prometheus to be ready', timeoutMs: 60_000, giveUpIf: running.requireRunning },
      async () => ((await fetch(`${url}/-/ready`)).ok ? true : undefined),
    );
  } catch (cause) {
    await running.end('SIGKILL', 5_000);
    throw new ServerError('start-failed', `Prometheus did not start:\n${await logTail(logFile)}`, { cause });
  }
  return running;
}
