import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  endNow,
  pollUntil,
  processesLeft,
  startKafka,
  startPostgres,
  type RunningKafka,
  type RunningPostgres,
} from '@payments/servers';
import { givenServers, handOver, leftoversEndWithinMs, markRun } from './config.ts';

interface Run {
  folder: string;
  postgres: RunningPostgres;
  kafka: RunningKafka;
}

let run: Run | undefined;

/** Boots PostgreSQL and Kafka for a run of specs, in a temporary folder, unless servers were given. Jest's global setup. */
export async function bootServers(): Promise<void> {
  if (run || givenServers()) return;
  const folder = await mkdtemp(join(tmpdir(), 'payments-spec-'));
  await chmod(folder, 0o755);
  markRun(folder);
  const startedAt = Date.now();
  const booting = [
    startPostgres({ dataDir: join(folder, 'postgres'), settings: forgetful }),
    startKafka({ dataDir: join(folder, 'kafka'), settings: patient, log: console.log }),
  ] as const;
  const [postgres, kafka] = await Promise.all(booting).catch(async (error: unknown) => {
    for (const started of await Promise.allSettled(booting)) {
      if (started.status === 'fulfilled') await started.value[Symbol.asyncDispose]();
    }
    throw error;
  });
  run = { folder, postgres, kafka };
  handOver({ postgresUrl: postgres.url, kafkaBrokers: kafka.brokers });
  console.log(
    `specs: PostgreSQL and Kafka are up after ${((Date.now() - startedAt) / 1000).toFixed(1)} s, in ${folder}`,
  );
}

// Nobody needs this cluster after a power cut; a spec about durability boots its own.
const forgetful = { fsync: 'off', synchronous_commit: 'on', full_page_writes: 'off', max_wal_size: '2GB' };

// Nobody kills this broker and waits for it to come again, so it need not be taken for dead soon: not before the machine stood
// still for a minute.
const patient = { 'broker.session.timeout.ms': '60000' };

/**
 * Stops what `bootServers` booted and removes its folder. Jest's global teardown.
 *
 * @throws Error naming every process that a spec has left behind; those are ended.
 */
export async function stopServers(): Promise<void> {
  if (!run) return;
  const { folder, postgres, kafka } = run;
  run = undefined;
  await Promise.all([postgres.stop('immediate'), kafka.kill()]);
  const left = await endLeftovers(folder);
  await rm(folder, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`specs left processes behind (ended now):\n${left.join('\n')}`);
}

/** What was told to end a moment ago is given some time, which costs nothing unless something was left. */
async function endLeftovers(mark: string): Promise<string[]> {
  const left = async () =>
    (await processesLeft(mark)).filter(({ command }) => !command.includes('jest-worker'));
  const none = async () => ((await left()).length === 0 ? ([] as string[]) : undefined);
  const timeoutMs = leftoversEndWithinMs();
  return pollUntil({ for: 'processes to end', timeoutMs }, none).catch(async () => {
    const found = await left();
    for (const { pid } of found) endNow(pid);
    return found.map(({ pid, command }) => `  ${pid} ${command}`);
  });
}
