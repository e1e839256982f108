import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openPaymentClient, PaymentState } from '@payments/contracts';
import { eventually, startService, tcpProxy, throwAwayDatabase } from '@payments/testing';
import type { TcpProxy } from '@payments/testing';
import { openDatabase } from './database/open-database.ts';
import { failure, won } from './payment.fixture.ts';
import { run } from './service.fixture.ts';

let closing: AsyncDisposableStack;
let url: string;
let proxy: TcpProxy;
let throughProxy: string;

beforeEach(async () => {
  closing = new AsyncDisposableStack();
  ({ url } = closing.use(await throwAwayDatabase()));
  proxy = closing.use(await tcpProxy({ target: new URL(url).host }));
  throughProxy = Object.assign(new URL(url), { host: proxy.address }).href;
});
afterEach(async () => {
  await closing.disposeAsync();
});

const start = async (env: Readonly<Record<string, string>> = {}) => {
  const service = closing.use(
    await startService({ app: 'payment', env: { DATABASE_URL: throughProxy, ...env } }),
  );
  const client = closing.use(openPaymentClient({ address: service.grpc ?? '' }));
  return { service, client };
};

const probe = async (http: string, path: string) => {
  const response = await fetch(`http://${http}${path}`);
  return { status: response.status, text: await response.text() };
};

/** What comes of a new connection: `connected`, or the code of the error. */
const tryToConnect = async (address: string) => {
  const { hostname: host, port } = new URL(`tcp://${address}`);
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
};

const order = { userId: 'u-1', reservations: [won('r-1')] };

describe('the payment service', () => {
  it('waits for an absent database, one line an attempt and un-ready with the reason, and comes good by itself', async () => {
    await proxy.refuse();
    const { service, client } = await start();
    await service.waitForLine(
      ({ fields }) => fields['msg'] === 'waiting for postgres' && fields['attempt'] === 3,
    );
    const attempts = service.lines.filter(({ fields }) => fields['msg'] === 'waiting for postgres');
    // The fourth may have come along with the third.
    expect(attempts.map(({ fields }) => fields['attempt']).slice(0, 3)).toEqual([1, 2, 3]);
    const [first, , third] = attempts.map(({ fields }) => Number(fields['pauseMs']));
    expect(third).toBeGreaterThan(first ?? Infinity);
    expect(await probe(service.http, '/livez')).toMatchObject({ status: 200 });
    expect(await probe(service.http, '/readyz')).toMatchObject({
      status: 503,
      text: expect.stringMatching(/postgres: .*ECONNREFUSED/),
    });
    expect(await failure(client.executePayments(order))).toMatchObject({ details: { reason: 'STARTING' } });
    await proxy.accept();
    await service.ready();
    const { payments } = await client.executePayments(order);
    expect(payments).toMatchObject([{ state: PaymentState.COMPLETED }]);
  });

  it('is alive and un-ready while it waits for a database that takes connections and says nothing', async () => {
    proxy.hold();
    const { service, client } = await start();
    expect(await probe(service.http, '/readyz')).toMatchObject({
      status: 503,
      text: expect.stringMatching(/^postgres: /),
    });
    expect(await probe(service.http, '/livez')).toMatchObject({ status: 200 });
    expect(await failure(client.listPayments({}))).toMatchObject({ details: { reason: 'STARTING' } });
    proxy.release();
    await service.ready();
  });

  it('stays ready while nobody calls it', async () => {
    const { service } = await start();
    await service.ready();
    const observer = closing.use(openDatabase({ databaseUrl: url, applicationName: 'observer' }));
    const checked = async () => {
      const sessions = await observer.em
        .fork()
        .execute<unknown[]>(
          `select from pg_stat_activity where datname = current_database() and application_name = 'payment' and state = 'idle'`,
        );
      expect(sessions).toHaveLength(1);
    };
    await eventually(checked, { for: 'the check behind /readyz, which alone connects', timeoutMs: 20_000 });
    expect(await probe(service.http, '/readyz')).toMatchObject({ status: 200 });
    expect(service.lines.filter(({ fields }) => fields['msg'] === 'postgres is away')).toEqual([]);
  });

  it('says that it is un-ready while its database is away, and comes good by itself', async () => {
    const { service, client } = await start();
    await service.ready();
    await proxy.refuse();
    await service.waitForLine('postgres is away');
    expect(await probe(service.http, '/readyz')).toMatchObject({ status: 503 });
    expect(await failure(client.listPayments({}))).toMatchObject({
      details: { reason: 'DATABASE_UNAVAILABLE' },
    });
    await proxy.accept();
    await service.waitForLine('postgres is back');
    expect(await probe(service.http, '/readyz')).toMatchObject({ status: 200 });
    expect((await client.executePayments(order)).payments).toHaveLength(1);
  });

  it('says that it is un-ready while its connections are silent, and comes good when they speak again', async () => {
    const { service, client } = await start();
    await service.ready();
    proxy.hold();
    await service.waitForLine('postgres is away');
    expect(await probe(service.http, '/readyz')).toMatchObject({
      status: 503,
      text: expect.stringContaining('no answer within'),
    });
    proxy.release();
    await service.waitForLine('postgres is back');
    expect((await client.executePayments(order)).payments).toHaveLength(1);
  });

  it('drains on SIGTERM while its connections are silent', async () => {
    const { service, client } = await start();
    await service.ready();
    await client.executePayments(order);
    proxy.hold();
    await service.waitForLine('postgres is away');
    service.send('SIGTERM');
    expect(await service.ended).toBe('exit code 0');
  });

  it('finishes the call in progress on SIGTERM, takes no new one, and ends with 0', async () => {
    const { service, client } = await start();
    await service.ready();
    const database = closing.use(openDatabase({ databaseUrl: url, applicationName: 'other' }));
    const other = database.em.fork();
    await other.begin();
    await other.execute(`select outbox.append('t', 'r-1', 'x', ''::bytea)`);
    const call = client.executePayments(order);
    await eventually(async () => {
      const waiting = await database.em
        .fork()
        .execute<unknown[]>(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
      expect(waiting).toHaveLength(1);
    });
    service.send('SIGTERM');
    await service.waitForLine('stopping');
    // No gRPC client asks: between two attempts it waits for seconds, and the call in progress has 8 s.
    await eventually(async () => {
      expect(await tryToConnect(service.grpc ?? '')).toBe('ECONNREFUSED');
    });
    await other.rollback();
    expect((await call).payments).toMatchObject([{ state: PaymentState.COMPLETED }]);
    expect(await service.ended).toBe('exit code 0');
  });

  it('refuses a bad configuration with every variable named, and without a stack', async () => {
    const env = { GRPC_LISTEN: '0.0.0.0:1', PAYMENT_LIMIT: 'KRW' };
    const ended = await run({ script: 'apps/payment/src/main.ts', args: [], env });
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/PAYMENT_LIMIT must be/) });
    expect(ended.stderr).not.toContain('    at ');
  });

  it('names the address that is taken', async () => {
    const taken = closing.use(createServer());
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const GRPC_LISTEN = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const env = { DATABASE_URL: url, HTTP_LISTEN: '127.0.0.1:0', GRPC_LISTEN };
    const ended = await run({ script: 'apps/payment/src/main.ts', args: [], env });
    expect(ended).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(`cannot serve gRPC on ${GRPC_LISTEN}`),
    });
  });

  it('migrates and ends with --migrate-only, again and again', async () => {
    const migrate = () =>
      run({ script: 'apps/payment/src/main.ts', args: ['--migrate-only'], env: { DATABASE_URL: url } });
    expect(await migrate()).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('0001-payment.sql'),
    });
    expect(await migrate()).toMatchObject({ exitCode: 0, stdout: '' });
  });
});
