import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openPaymentClient } from '@payments/contracts';
import { drainMs, findJaeger, processesLeft, readTrace } from '@payments/servers';

import { makeStateFolder, run } from './local-stack.fixture.ts';
import type { Running, StateFolder } from './local-stack.fixture.ts';

// Whole stacks are booted, and waited for when they end.
jest.setTimeout(240_000);

/** What `start` prints last when everything is up. */
const up = 'Ctrl-C stops everything';

const hasJaeger = (await findJaeger()) !== null;

/** One folder for all of them, so that only the first has to make a database cluster. */
let folder: StateFolder;

beforeAll(async () => {
  folder = await makeStateFolder();
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

describe('npm start -- --exit', () => {
  it('shows the sample order at every station, exits 0 and leaves nothing behind', async () => {
    await using start = run('start', { folder, args: ['--exit'] });
    expect(await start.ended).toBe(0);
    const [payment, outbox, kafka, slack, trace] =
      start.output().split('sample order\n')[1]?.split('\n') ?? [];
    expect(payment).toMatch(/payment +COMPLETED: ₩15,000 for (r-sample-[0-9a-f]{8})/);
    const reservation = /r-sample-[0-9a-f]+/.exec(payment ?? '')?.[0] as string;
    expect(outbox).toMatch(/outbox +message [0-9a-f-]{36}, PUBLISHED, lane \d+, seq \d+/);
    expect(kafka).toMatch(/Kafka +topic payment-event, partition \d+, offset \d+/);
    expect(slack).toMatch(new RegExp(`Slack +.*₩15,000.*${reservation}`));
    expect(trace).toMatch(hasJaeger ? /trace +http.*[0-9a-f]{32} \(\d+ spans\)/ : /trace +none/);
    await expectNothingLeft();
  });

  it('exits 1 and names the station where the order was not seen', async () => {
    await using start = run('start', { folder, args: ['--exit'], env: { PAYMENT_LIMIT: 'KRW=1' } });
    expect(await start.ended).toBe(1);
    expect(start.output()).toContain('not seen at the station "payment": the payment is FAILED');
    await expectNothingLeft();
  });
});

describe('npm start', () => {
  it('says so when a port that was asked for is taken, before anything is started', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using start = run('start', { folder, env: { KAFKA_PORT: `${port}` } });
    expect(await start.ended).toBe(1);
    expect(start.output()).toContain(`KAFKA_PORT asks for port ${port}, which is taken`);
    expect(start.output()).not.toContain('PostgreSQL');
    server.close();
  });

  it('links to the trace of its order, refuses to start twice, and stops by Ctrl-C with nothing left behind', async () => {
    // As somebody has it set for a collector elsewhere.
    await using first = run('start', { folder, env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' } });
    await first.printed(up);
    if (hasJaeger) await expectTraceBehindLink(first);
    await using second = run('start', { folder });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`already running on ${folder.path}: npm start (process ${first.pid}`);
    expect(first.output()).toContain(`npm run pay -- --address ${await paymentAddress()} `);
    using client = openPaymentClient({ address: await paymentAddress() });
    const reservation = { reservationId: 'r-예약', amount: { currencyCode: 'KRW', units: 1n } };
    await client.executePayments({ userId: 'u-1', reservations: [reservation] });
    await first.printed('r-예약');
    first.kill('SIGINT');
    expect(await first.ended).toBe(0);
    expect(first.output()).toContain('Everything is stopped.');
    await expectNothingLeft();
  });

  it('keeps payments over a restart; notices that payment was killed, stops the rest and exits 1', async () => {
    await using start = run('start', { folder });
    await start.printed(up);
    using client = openPaymentClient({ address: await paymentAddress() });
    expect((await client.listPayments({ reservationId: 'r-예약' })).payments).toHaveLength(1);
    await expectEndOf(start, 'payment');
  });

  it.each(['relay', 'notifier'])('notices that %s was killed, stops the rest and exits 1', async (name) => {
    await using start = run('start', { folder });
    await start.printed(up);
    await expectEndOf(start, name);
  });

  it('leaves no process behind when it is itself killed, and no addresses to the next one', async () => {
    // A folder of its own: to the Kafka of the others the notifier that was killed belongs to its group for 10 s more.
    await using own = await makeStateFolder();
    await using start = run('start', { folder: own });
    await start.printed(up);
    start.kill('SIGKILL');
    await start.ended;
    // Nobody waits for the services any more: they drain, and what does not end is killed by its watch.
    expect(await own.processesLeft(drainMs + 30_000)).toEqual([]);
    expect(await own.stack()).toBeDefined();
    await using next = run('start', { folder: own });
    await next.printed('PostgreSQL');
    expect(await own.stack()).toBeUndefined();
    next.kill('SIGINT');
    expect(await next.ended).toBe(130);
    expect(next.output()).toContain('Everything is stopped.');
  });
});

/** What is behind the link is one trace, from the order to Slack. */
async function expectTraceBehindLink(start: Running): Promise<void> {
  const [, link = '', traceId = ''] = /trace +(http\S*?([0-9a-f]{32}))/.exec(start.output()) ?? [];
  expect(await (await fetch(link)).text()).toContain(traceId);
  const spans = await readTrace((await folder.stack())?.jaeger?.query ?? '', traceId);
  const services = ['npm start', 'payment', 'relay', 'notifier'];
  expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(services));
  const roots = spans.filter(({ parent }) => parent === undefined);
  expect(roots).toMatchObject([{ service: 'npm start', name: 'sample order' }]);
}

async function paymentAddress(): Promise<string> {
  return (await folder.stack())?.payment?.grpc as string;
}

/** Kills a service, and looks at what becomes of the stack. */
async function expectEndOf(start: Running, name: string): Promise<void> {
  process.kill(await pidOf(`apps/${name}/src/main.ts`), 'SIGKILL');
  expect(await start.ended).toBe(1);
  expect(start.output()).toContain(`${name} ended unexpectedly (SIGKILL)`);
  await expectNothingLeft();
}

async function expectNothingLeft(): Promise<void> {
  expect(await folder.processesLeft()).toEqual([]);
  expect(await folder.stack()).toBeUndefined();
}

/** The process of this folder's stack that runs a file. */
async function pidOf(file: string): Promise<number> {
  const found = (await processesLeft(folder.path)).find(({ command }) => command.includes(file));
  if (!found) throw new Error(`no process runs ${file}`);
  return found.pid;
}
