import { seededRandom } from '@payments/testing';
import type pg from 'pg';
import type { RelayMessage } from './relay/read-messages.ts';

/** Transactions of one writer; a seeded generator, so that a failure can be run again. */
export interface WriterPlan {
  seed: number;
  transactions: number;
  keys: number;
}

/**
 * What the database itself says about the order of commits: a writer appends, dawdles, and then raises its key's
 * version under a row lock that is held to the commit. So the versions of a key are the order of its commits, whatever
 * the outbox made of it.
 */
export const historyTables = `
create table key_version (key text primary key, version integer not null default 0);
create table history (id uuid primary key, key text not null, version integer not null, part integer not null)`;

/** Runs transactions with random pauses, rollbacks, savepoints and several messages each. */
export async function writeHistory(writer: pg.Client, plan: WriterPlan): Promise<void> {
  const random = seededRandom(plan.seed);
  for (let number = 0; number < plan.transactions; number++) {
    const key = `key-${Math.floor(random() * plan.keys)}`;
    const ids = await appendSome(writer, key, random);
    await writer.query('select pg_sleep($1)', [random() < 0.1 ? 0.03 : random() * 0.003]);
    await writer.query('update key_version set version = version + 1 where key = $1', [key]);
    await writer.query(
      `insert into history select id, $2, (select version from key_version where key = $2), part
         from unnest($1::uuid[]) with ordinality as appended(id, part)`,
      [ids, key],
    );
    await writer.query(random() < 0.2 ? 'rollback' : 'commit');
  }
}

/** Begins a transaction with one to three messages, now and then with a savepoint whose message is rolled back. */
async function appendSome(writer: pg.Client, key: string, random: () => number): Promise<string[]> {
  const append = `select outbox.append('t', $1, 'T', 'x') as id`;
  const ids: string[] = [];
  await writer.query('begin');
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const undone = random() < 0.2;
    await writer.query('savepoint step');
    const { rows } = await writer.query<{ id: string }>(append, [key]);
    await writer.query(undone ? 'rollback to savepoint step' : 'release savepoint step');
    if (rows[0] && !undone) ids.push(rows[0].id);
  }
  return ids;
}

/** What was delivered against what was committed. All lists are empty when the promises hold. */
export interface Violations {
  lost: string[];
  ghosts: string[];
  repeated: string[];
  /** Pairs of a key whose later commit came first. */
  reversed: string[];
}

/** Compares the deliveries, in order, with the history that the database committed. */
export async function compareWithHistory(
  onlooker: pg.Client,
  delivered: readonly Pick<RelayMessage, 'id' | 'key'>[],
): Promise<Violations> {
  const { rows } = await onlooker.query<{ id: string; version: number; part: number }>(
    'select id, version, part::integer from history',
  );
  const place = new Map(rows.map(({ id, version, part }) => [id, version * 1000 + part]));
  const seen = new Set<string>();
  const latest = new Map<string, number>();
  const violations: Violations = { lost: [], ghosts: [], repeated: [], reversed: [] };
  for (const { id, key } of delivered) {
    const current = place.get(id);
    if (current === undefined) violations.ghosts.push(id);
    else if (seen.has(id)) violations.repeated.push(id);
    else {
      if (current < (latest.get(key) ?? 0)) violations.reversed.push(`${key}: ${id}`);
      latest.set(key, current);
    }
    seen.add(id);
  }
  violations.lost = rows.map(({ id }) => id).filter((id) => !seen.has(id));
  return violations;
}

/** Faults to plant: ways in which outboxes are commonly written. They are loaded by specs and shipped nowhere. */
export const plantedFaults = {
  /** Numbers a message without holding its key to the commit. */
  noKeyLock: `
    create or replace function outbox.number_message() returns trigger language plpgsql as $$
    begin
      new.seq := nextval('outbox.message_seq');
      new.lane := (outbox.key_hash(new.key) & 15)::smallint;
      new.xid := pg_current_xact_id();
      return new;
    end $$`,
};
