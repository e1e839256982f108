import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type RunningService } from '@payments/testing';
import pg from 'pg';
import {
  asRole,
  grantRights,
  makeRoles,
  migrateAsOwner,
  query,
  startPreparedPostgres,
  type DatabaseRole,
} from './database-roles/prepare-database.fixture.ts';
import { readRights } from './database-roles/read-rights.fixture.ts';
import { clientOf, payUntilAnswered, startSystem } from './system.fixture.ts';

describe('the rights of the services in the database', () => {
  let closing: AsyncDisposableStack;
  let databaseUrl: string;
  let superuser: pg.Client;
  beforeAll(async () => {
    closing = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'payments-roles-'));
    closing.defer(() => rm(folder, { recursive: true, force: true }));
    const started = await startPreparedPostgres({ dataDir: folder });
    closing.use(started.postgres);
    ({ databaseUrl } = started);
    superuser = new pg.Client({ connectionString: databaseUrl });
    await superuser.connect();
    closing.defer(() => superuser.end());
  });
  afterAll(() => closing.disposeAsync());

  const message = 'headers, id, key, payload, topic, type';
  const rights = {
    payment: [
      'CONNECT the database',
      'DELETE payment.gateway_task',
      'DELETE payment.request',
      `INSERT outbox.message (${message})`,
      'INSERT payment.gateway_task',
      'INSERT payment.payment',
      'INSERT payment.payment_history',
      'INSERT payment.refund',
      'INSERT payment.request',
      'SELECT outbox.migration',
      'SELECT payment.gateway_task',
      'SELECT payment.migration',
      'SELECT payment.page_token_key',
      'SELECT payment.payment',
      'SELECT payment.payment_history',
      'SELECT payment.refund',
      'SELECT payment.request',
      'UPDATE payment.gateway_task (claim, claimed_until, due_at)',
      'UPDATE payment.payment (decline_code, failure_reason, state, updated_at)',
      'UPDATE payment.refund (decline_code, state, updated_at)',
      'UPDATE payment.request (stored_at)',
      'USAGE schema outbox',
      'USAGE schema payment',
    ],
    relay: [
      'CONNECT the database',
      'DELETE outbox.parked',
      'DELETE outbox.request',
      'EXECUTE function empty_checkpoint_slot',
      'EXECUTE function empty_slot',
      'INSERT outbox.checkpoint',
      'INSERT outbox.parked',
      'SELECT outbox.checkpoint',
      'SELECT outbox.message',
      'SELECT outbox.message_seq',
      'SELECT outbox.migration',
      'SELECT outbox.parked',
      'SELECT outbox.request',
      'UPDATE outbox.parked (cause, code, error, settled_at, state)',
      'UPDATE outbox.request (count, finished_at, outcome, pos)',
      'USAGE schema outbox',
    ],
    notifier: [
      'CONNECT the database',
      'DELETE notifier.inbox',
      'INSERT notifier.channel',
      'INSERT notifier.inbox',
      'SELECT notifier.channel',
      'SELECT notifier.inbox',
      'SELECT notifier.migration',
      'UPDATE notifier.channel',
      'UPDATE notifier.inbox',
      'USAGE schema notifier',
    ],
    pg_monitor: ['CONNECT the database'],
    // Who has no USAGE on schema outbox calls nothing in it; none of these does what its caller may not.
    everybody: [
      'EXECUTE function append',
      'EXECUTE function key_hash',
      'EXECUTE function number_message',
      'EXECUTE function slot_is_old',
      'USAGE schema public',
    ],
  };

  it('are these and no more', async () => {
    const { outbox_operator: operator = [], ...ofServices } = await readRights(superuser);
    expect(ofServices).toEqual(rights);
    // A person looks at all of the outbox, and writes nothing but what is asked of its relays.
    expect(operator.filter((right) => !/^SELECT outbox\./.test(right))).toEqual([
      'CONNECT the database',
      'INSERT outbox.request (key, kind, lane, seq, since, topic)',
      'USAGE schema outbox',
    ]);
  });

  it('are some for each table of a service: a new one is not forgotten', async () => {
    const { rows } = await superuser.query(
      `select schemaname || '.' || tablename as forgotten from pg_tables
        where schemaname in ('payment', 'notifier') and not has_table_privilege(schemaname, schemaname || '.' || tablename, 'select')`,
    );
    expect(rows).toEqual([]);
  });

  it('come back to these when the file is run again after an older one gave more', async () => {
    await query(
      asRole(databaseUrl, 'payments'),
      `grant all on all tables in schema outbox to payment; grant update (key) on outbox.message to relay;
       grant all on schema notifier to public; grant create, temporary on database payments to notifier`,
    );
    await makeRoles(databaseUrl);
    await grantRights(databaseUrl);
    expect(await readRights(superuser)).toMatchObject(rights);
  });

  it('come of grants alone: no role is a superuser, owns or inherits anything, or may make roles and databases', async () => {
    const { rows } = await superuser.query(
      `select rolname as role from pg_roles where (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)
          and rolname in ('payments', 'payment', 'relay', 'notifier', 'outbox_operator')
       union all
       select refobjid::regrole::text from pg_shdepend where deptype = 'o' and refclassid = 'pg_authid'::regclass
          and refobjid in ('payment'::regrole, 'relay'::regrole, 'notifier'::regrole, 'outbox_operator'::regrole)
       union all
       select member::regrole || ' of ' || roleid::regrole from pg_auth_members
        where member in ('payments'::regrole, 'payment'::regrole, 'relay'::regrole, 'notifier'::regrole, 'outbox_operator'::regrole)`,
    );
    expect(rows).toEqual([{ role: 'relay of pg_read_all_stats' }]);
  });

  const refused: [DatabaseRole, string][] = [
    ['payment', 'select from outbox.message'],
    ['payment', 'select from outbox.checkpoint'],
    ['payment', `update outbox.message set payload = ''`],
    ['payment', 'delete from outbox.message'],
    ['payment', 'truncate outbox.message'],
    ['payment', 'select outbox.empty_slot(0, interval $$1 h$$)'],
    ['payment', `insert into outbox.message (topic, key, type, payload, slot) values ('t', 'k', 'T', '', 0)`],
    ['payment', 'insert into outbox.checkpoint default values'],
    ['payment', `select nextval('outbox.message_seq')`],
    ['payment', 'delete from payment.payment'],
    ['payment', 'update payment.payment set amount_minor = 1'],
    ['payment', `update payment.payment_history set state = 'REFUNDED'`],
    ['payment', 'delete from payment.payment_history'],
    ['payment', 'update payment.page_token_key set key = key'],
    ['payment', 'select from notifier.inbox'],
    ['relay', 'select from payment.payment'],
    ['relay', 'delete from payment.payment'],
    ['relay', 'select from notifier.inbox'],
    ['relay', `select outbox.append('t', 'k', 'T', '')`],
    ['relay', 'delete from outbox.message'],
    ['relay', 'truncate outbox.message_0'],
    ['relay', 'update outbox.checkpoint set pos = 0'],
    ['relay', 'delete from outbox.checkpoint'],
    ['relay', `update outbox.parked set payload = ''`],
    ['relay', `insert into outbox.request (lane, kind) values (0, 'RELEASE')`],
    ['notifier', 'select from payment.payment'],
    ['notifier', 'select from outbox.message'],
    ['notifier', `select outbox.append('t', 'k', 'T', '')`],
    ['notifier', 'delete from notifier.migration'],
    ...(['payment', 'relay', 'notifier'] as const).flatMap((role): [DatabaseRole, string][] => [
      [role, 'create table public.mine ()'],
      [role, 'create temporary table mine ()'],
      [role, 'create schema mine'],
      [role, `create table ${role === 'relay' ? 'outbox' : role}.mine ()`],
      [role, 'create role mine'],
      [role, `copy pg_class to program 'true'`],
    ]),
  ];
  it('refuse everything else', async () => {
    const taken: string[] = [];
    for (const role of ['payment', 'relay', 'notifier'] as const) {
      await using client = await connect(asRole(databaseUrl, role));
      for (const [, statement] of refused.filter(([of]) => of === role)) {
        const answer = await client.query(statement).catch((error: unknown) => error);
        const [refusal] = answer instanceof pg.DatabaseError ? [answer.code] : ['taken'];
        if (refusal !== insufficientPrivilege) taken.push(`${role}: ${statement}: ${String(answer)}`);
      }
    }
    expect(taken).toEqual([]);
  });

  it('let the payment service append by the columns that are its own, and by the function', async () => {
    await using client = await connect(asRole(databaseUrl, 'payment'));
    await client.query(`select outbox.append('t', 'k', 'T', '')`);
    await client.query(`insert into outbox.message (topic, key, type, payload) values ('t', 'k', 'T', '')`);
    const { rows } = await superuser.query(`select key from outbox.message where topic = 't'`);
    expect(rows).toHaveLength(2);
  });
});

/** PostgreSQL's code of it. */
const insufficientPrivilege = '42501';

async function connect(connectionString: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

describe('services whose roles may not migrate', () => {
  it('wait for the migrations and say so, and run on a schema that a newer version has added to', async () => {
    await using system = await startSystem({ migrated: false });
    const apps = ['payment', 'relay', 'notifier'] as const;
    const services = await Promise.all(apps.map((app) => system.start(app)));
    await Promise.all(services.map(untilItNamesTheRemedy));

    await Promise.all([
      migrateAsOwner(system.databaseUrl, 'payment'),
      migrateAsOwner(system.databaseUrl, 'notifier'),
    ]);
    await query(asRole(system.databaseUrl, 'payments'), laterMigrations);
    await grantRights(system.databaseUrl);
    await Promise.all(services.map((service) => service.ready()));
    using client = clientOf(services[0] as RunningService);
    await payUntilAnswered(client, 'r-1');
    await eventually(() => expect(system.slack.received()).toHaveLength(1), { timeoutMs: 60_000 });
  }, 240_000);
});

/** Alive, and un-ready for a reason that says what to do. */
async function untilItNamesTheRemedy(service: RunningService): Promise<void> {
  await eventually(async () => {
    const reply = await fetch(`http://${service.http}/readyz`);
    expect(await reply.text()).toMatch(/missing or old.*as the owner of the database/);
    expect(reply.status).toBe(503);
  });
}

/** What a release after this one may do, so that this one can be rolled back to: it adds. */
const laterMigrations = ['payment.payment', 'outbox.message', 'notifier.inbox']
  .map((table) => {
    const [schema] = table.split('.');
    return `alter table ${table} add column later text default 'x'; create table ${schema}.later ();
            insert into ${schema}.migration (number, name) values (9999, '9999-later.sql');`;
  })
  .join('\n');
