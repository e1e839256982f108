import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openPaymentClient } from '@payments/contracts';
import { processesLeft } from '@payments/servers';

import { makeStateFolder, run } from './local-stack.fixture.ts';
import type { StateFolder } from './local-stack.fixture.ts';
import type { StackFile } from './stack-file.ts';
import { untilReady } from './until-ready.ts';

// Whole stacks are booted, and waited for when they end.
jest.setTimeout(240_000);

const up = 'Ctrl-C stops everything';

let folder: StateFolder;

beforeAll(async () => {
  folder = await makeStateFolder();
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

/** What a person exports before `npm run app`. */
function serviceEnvironment({ postgres, kafka, slack }: StackFile): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: postgres.url,
    KAFKA_BROKERS: kafka.brokers.join(','),
    SLACK_WEBHOOK_URL: slack.webhook,
  };
}

/** The address that a service says it listens on. */
function listening(output: string, face: 'grpc' | 'http'): string {
  const [, address] = new RegExp(`"${face}":"([^"]+)"[^\\n]*"msg":"listening"`).exec(output) ?? [];
  return address as string;
}

describe('npm run servers', () => {
  it('boots what services need, each of which `npm run app` runs; payments from before the first relay arrive', async () => {
    await using servers = run('servers', { folder });
    await servers.printed(up);
    const stack = (await folder.stack()) as StackFile;
    if (stack.jaeger) expect(servers.output()).toMatch(/export TRACE_URL='http:.*\{traceId\}'/);
    expect(stack).toMatchObject({ payment: null, relay: null, notifier: null });
    const env = serviceEnvironment(stack);
    await using payment = run('app', { folder, args: ['payment'], env });
    await payment.printed('"msg":"listening"');
    const ended = payment.ended.then(String);
    const where = { http: listening(payment.output(), 'http') };
    await untilReady({ name: 'payment', listening: where, ended }, new AbortController().signal);
    using client = openPaymentClient({ address: listening(payment.output(), 'grpc') });
    const amount = { currencyCode: 'KRW', units: 1n };
    await client.executePayments({ userId: 'u-1', reservations: [{ reservationId: 'r-early', amount }] });
    await using relay = run('app', { folder, args: ['relay'], env });
    await using notifier = run('app', { folder, args: ['notifier'], env });
    await servers.printed('r-early');
    for (const app of [payment, relay, notifier]) {
      app.kill('SIGTERM');
      expect(await app.ended).toBe(0);
    }
    servers.kill('SIGINT');
    expect(await servers.ended).toBe(0);
    expect(await folder.processesLeft()).toEqual([]);
  });

  it('lends its servers to a stack that is given their addresses', async () => {
    await using servers = run('servers', { folder });
    await servers.printed(up);
    await using own = await makeStateFolder();
    const { postgres, kafka, jaeger } = (await folder.stack()) as StackFile;
    const given = {
      DATABASE_URL: postgres.url,
      KAFKA_BROKERS: kafka.brokers.join(','),
      ...(jaeger && { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlp }),
    };
    await using start = run('start', { folder: own, args: ['--exit'], env: given });
    expect(await start.ended).toBe(0);
    expect(start.output()).toContain(`${postgres.url} (DATABASE_URL)`);
    expect(start.output()).toContain(`${kafka.brokers.join(',')} (KAFKA_BROKERS)`);
  });

  it.each([
    ['PostgreSQL', 'bin/postgres '],
    ['Kafka', 'kafka.Kafka'],
  ])('notices that %s was killed, stops the rest and exits 1', async (name, command) => {
    await using servers = run('servers', { folder });
    await servers.printed(up);
    const found = (await processesLeft(folder.path)).filter((one) => one.command.includes(command));
    const pid = Math.min(...found.map((one) => one.pid));
    process.kill(pid, 'SIGKILL');
    expect(await servers.ended).toBe(1);
    expect(servers.output()).toContain(`${name} ended unexpectedly`);
    expect(await folder.processesLeft()).toEqual([]);
  });
});

describe('npm run app', () => {
  it('says which services there are when it is asked for another', async () => {
    await using app = run('app', { folder, args: ['payments'] });
    expect(await app.ended).toBe(1);
    expect(app.output()).toContain('There is no service "payments"');
    expect(app.output()).toContain('payment|relay|notifier');
  });

  it('says that there are too many arguments, or explains itself where that is asked for among them', async () => {
    await using app = run('app', { folder, args: ['payment', 'relay'] });
    expect(await app.ended).toBe(1);
    expect(app.output()).toContain('Too many arguments after "payment": relay');
    await using help = run('app', { folder, args: ['payment', '--help'] });
    expect(await help.ended).toBe(0);
    expect(help.output()).toContain('Usage: npm run app -- payment|relay|notifier');
  });

  it('names every bad variable, without a stack', async () => {
    await using app = run('app', {
      folder,
      args: ['relay'],
      env: { DATABASE_URL: 'x', RELAY_POLL_MS: 'often' },
    });
    expect(await app.ended).toBe(1);
    expect(app.output()).toMatch(/DATABASE_URL must be .*\n.*RELAY_POLL_MS must be /);
    expect(app.output()).not.toContain('    at ');
  });
});
