import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import type pg from 'pg';
import { append, outboxDatabase, texts } from '../outbox.fixture.ts';
import { requestRelease, requestRepublish } from '../parking/ask-owner.ts';
import { refusing, rounds } from '../parking/parking.fixture.ts';
import { openFigures } from '../status/open-figures.ts';
import { openRelaySession, type RelaySession } from './relay-session.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let owner: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  owner = await database.connect();
});
afterEach(() => database[Symbol.asyncDispose]());

const open = (databaseUrl: string): Promise<RelaySession> =>
  openRelaySession({ databaseUrl, limits: { rows: 100, bytes: 1_000_000 } });

/** What deploy/database/grants.sql gives a relay, of whole tables. */
const rights = (role: string): string => `
grant usage on schema outbox to ${role};
grant select on all tables in schema outbox to ${role};
grant select on outbox.message_seq to ${role};
grant insert on outbox.checkpoint, outbox.parked to ${role};
grant update, delete on outbox.parked, outbox.request to ${role};
grant execute on function outbox.empty_slot, outbox.empty_checkpoint_slot to ${role}`;

describe('a relay of a role of its own', () => {
  const role = `relay_${randomUUID().replaceAll('-', '')}`;
  beforeEach(() => owner.query(`create role ${role} login password 'secret'`));
  afterEach(() => owner.query(`drop owned by ${role}; drop role ${role}`));

  it('publishes, parks, carries out requests, cleans up and reads its figures with few rights', async () => {
    await owner.query(rights(role));
    await append(owner, 'k', 'poison');
    await append(owner, 'other', 'fine');
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'secret'];
    await using session = await open(url.href);
    await using figures = openFigures({ databaseUrl: url.href, answerWithinMs: 15_000 });
    expect(await figures.read()).toMatchObject({ unpublishedMessages: 2, parkedMessages: 0 });
    expect(texts(await rounds(session, refusing('poison')))).toEqual(['fine']);
    expect(await figures.read()).toMatchObject({ unpublishedMessages: 0, parkedMessages: 1 });
    await requestRelease(owner, { all: true });
    await eventually(async () => expect(texts(await rounds(session))).toEqual(['poison']));
    await requestRepublish(owner, { since: new Date(0), key: 'other' });
    await eventually(async () => expect(texts(await rounds(session))).toEqual(['fine']));
    await owner.query(`update outbox.parked set settled_at = '2000-01-01' where state <> 'PARKED'`);
    await owner.query(`update outbox.request set finished_at = '2000-01-01' where finished_at is not null`);
    await owner.query('truncate outbox.message');
    expect((await session.cleanUp({ retentionHours: 24 })).deleted).toEqual({ parked: 1, requests: 2 });
  });
});

describe('a relay in a database whose default isolation is REPEATABLE READ', () => {
  it('cleans up all the same', async () => {
    const { rows } = await owner.query<{ name: string }>('select current_database() as name');
    await owner.query(
      `alter database "${rows[0]?.name}" set default_transaction_isolation = 'repeatable read'`,
    );
    await using session = await open(database.url);
    const { slots } = await session.cleanUp({ retentionHours: 24 });
    expect(slots).toHaveLength(32);
  });
});
