import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { freePort } from '@payments/servers';
import { eventually, startService, throwAwayDatabase, type RunningService } from '@payments/testing';
import pg from 'pg';
import { asRole, prepared } from './database-roles/prepare-database.fixture.ts';
import { forkTwoAddressClient, type ForkedClient } from './two-address-client.fixture.ts';

/** Calls side by side, all the time. */
const workers = 12;
/** Calls that wait for a lock while their instance stops. */
const heldCalls = 3;

let closing: AsyncDisposableStack;
let url: string;
let addresses: [string, string];
let client: ForkedClient;
let sql: pg.Client;
const instances = new Map<string, RunningService>();

const start = async (address: string) => {
  const service = await startService({
    app: 'payment',
    env: { DATABASE_URL: asRole(url, 'payment'), GRPC_LISTEN: address },
  });
  instances.set(address, closing.use(service));
  await service.ready();
};

beforeEach(async () => {
  closing = new AsyncDisposableStack();
  ({ url } = closing.use(await throwAwayDatabase({ template: prepared })));
  addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  await Promise.all(addresses.map(start));
  client = closing.use(forkTwoAddressClient(addresses));
  sql = new pg.Client({ connectionString: url });
  await sql.connect();
  closing.defer(() => sql.end());
});
afterEach(async () => {
  await closing.disposeAsync();
});

const untilRefused = (address: string) =>
  eventually(async () => {
    const { hostname: host, port } = new URL(`tcp://${address}`);
    const socket = connect({ host, port: Number(port) });
    const connected = once(socket, 'connect');
    await expect(connected.finally(() => socket.destroy())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

/** The connection that holds the lock is ended with the spec. */
const waiting = `select count(*)::integer as calls from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Calls at this instance that wait for a lock of ours, until `release`. */
const hold = async (address: string, name: string) => {
  await sql.query('begin');
  const keys = Array.from({ length: heldCalls }, (_, index) => `${name}-${index}`);
  for (const key of keys) await sql.query(`select outbox.append('held', $1, 'T', '')`, [key]);
  const calls = keys.map((key) => client.pay(key, address));
  const onlooker = new pg.Client({ connectionString: url });
  await onlooker.connect();
  await eventually(async () => {
    const { rows } = await onlooker.query<{ calls: number }>(waiting);
    expect(rows[0]?.calls).toBe(heldCalls);
  });
  await onlooker.end();
  return { calls: Promise.all(calls), release: () => sql.query('rollback') };
};

/** @returns how many calls were in flight at that instance when it was told to stop */
const restart = async (address: string, name: string): Promise<number> => {
  const instance = instances.get(address) as RunningService;
  const held = await hold(address, name);
  const inFlight = await client.terminate(instance.pid, address, heldCalls);
  await untilRefused(address);
  // Peers were told to open no more streams in the same moment, and these calls are still at it.
  await held.release();
  expect(await held.calls).toEqual(Array.from({ length: heldCalls }, () => 1));
  expect(await instance.ended).toBe('exit code 0');
  await start(address);
  return inFlight;
};

it('two instances are restarted in turn, twice over, and no call fails that is retried once', async () => {
  await client.begin(workers);
  const figures: string[] = [];
  for (const round of [1, 2])
    for (const address of addresses) {
      const before = await client.told();
      const inFlight = await restart(address, `held-${round}-${addresses.indexOf(address)}`);
      const { calls, retried } = await client.told();
      figures.push(
        `${inFlight} calls in flight at SIGTERM; ${retried - before.retried} of ${calls - before.calls} sent a second time`,
      );
    }
  await client.end();
  const { calls, retried, failures, completed } = await client.told();
  console.log([...figures, `${calls} calls, ${failures.length} failed`].join('\n'));
  expect(failures).toEqual([]);
  expect(completed).toHaveLength(calls);
  // Each instance has sent somebody elsewhere: the drain was met by calls.
  expect(retried).toBeGreaterThanOrEqual(4);
  const { rows } = await sql.query<{ id: string }>(everythingOnce);
  expect(rows.map(({ id }) => id).sort()).toEqual(completed.toSorted());
}, 240_000);

it('an instance that is killed instead is noticed: without a drain calls do fail', async () => {
  const { pid } = instances.get(addresses[0]) as RunningService;
  const held = await hold(addresses[0], 'held');
  process.kill(pid, 'SIGKILL');
  expect(await held.calls).toEqual(Array.from({ length: heldCalls }, () => 0));
  await held.release();
  expect((await client.told()).failures).toHaveLength(heldCalls);
}, 120_000);

/** Payments that are completed, with one line of history and one message each; others break the comparison by a mark. */
const everythingOnce = `
  with history as (select payment_id, count(*) as lines from payment.payment_history where state = 'COMPLETED' group by 1),
       message as (select headers ->> 'ce_subject' as payment_id, count(*) as messages from outbox.message group by 1)
  select case when p.state = 'COMPLETED' and h.lines = 1 and m.messages = 1 then '' else 'wrong: ' end
           || coalesce(p.payment_id::text, m.payment_id) as id
    from payment.payment as p
    left join history as h using (payment_id)
    full join message as m on m.payment_id = p.payment_id::text`;
