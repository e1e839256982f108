import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Servers } from './start-servers.ts';

/** What `stack.json` says while a stack is up. Under `npm run servers` the three services are null. */
export type StackFile = {
  /** `grpc` is `host:port`; the others are URLs. */
  payment: { grpc: string; http: string } | null;
  relay: { http: string } | null;
  notifier: { http: string } | null;
  postgres: { url: string };
  kafka: { brokers: string[] };
  slack: { webhook: string; messages: string };
  jaeger: { query: string; otlp: string } | null;
};

/** Writes `stack.json` whole, so that nobody reads half of it; disposing removes it. */
export async function writeStackFile(folder: string, stack: StackFile): Promise<AsyncDisposable> {
  const path = join(folder, 'stack.json');
  const beside = `${path}.${process.pid}`;
  // It holds the database's password.
  await writeFile(beside, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  await rename(beside, path);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** Removes what a stack that was killed left of its file: nobody listens at those addresses any more. */
export async function removeStackFile(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => /^stack\.json(\.\d+)?$/.test(name));
  for (const name of left) await rm(join(folder, name), { force: true });
}

/** The part of `stack.json` that the servers make. */
export function describeServers(
  servers: Pick<Servers, 'databaseUrl' | 'kafkaBrokers' | 'slack' | 'jaeger'>,
): Pick<StackFile, 'postgres' | 'kafka' | 'slack' | 'jaeger'> {
  const { databaseUrl, kafkaBrokers, slack, jaeger } = servers;
  return {
    postgres: { url: databaseUrl },
    kafka: { brokers: kafkaBrokers },
    slack: { webhook: slack.webhook, messages: slack.messages },
    jaeger: jaeger && { query: jaeger.query, otlp: jaeger.otlp },
  };
}
