import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { PlannedWrite, WriteStep } from './plan-writes.ts';

/**
 * What the database itself says about commits. A key's version is raised under its row's lock, which is held to the commit: the
 * versions of a key are the order of its commits, whatever the outbox made of it. And a message's row is written by the transaction
 * that appends the message: what is in the table is committed, and nothing else is. No memory of a writer is asked, since a
 * writer whose connection breaks in a commit does not know.
 */
export const historyTables = `
create schema history;
create table history.key_version (key text primary key, version integer not null default 0);
create table history.message (id uuid primary key, topic text not null, key text not null, version integer not null,
                              part integer not null, value text not null)`;

/** A message about to be appended. `version` is null where it is not known before the append. */
interface Draft {
  id: string;
  topic: string;
  key: string;
  part: number;
  version: number | null;
  value: string;
}

/** What a spec does while a transaction holds what it has locked. */
export type Hold = (holdMs: number) => Promise<void>;

/** Runs one transaction. Messages come last, in the order of the outbox's own locks: so no two of these transactions deadlock. */
export async function writeTransaction(
  writer: pg.ClientBase,
  write: PlannedWrite,
  hold: Hold,
): Promise<void> {
  await writer.query('begin');
  if (write.kind === 'message first') await messageFirst(writer, write, hold);
  else await messagesLast(writer, write, hold);
  await writer.query(write.end);
}

async function messageFirst(writer: pg.ClientBase, { steps, form, holdMs }: PlannedWrite, hold: Hold) {
  for (const step of steps) {
    const { rows } = await writer.query<{ tx: string }>('select pg_current_xact_id()::text as tx');
    const drafts = draftsOf(step, null, rows[0]?.tx ?? '');
    for (const draft of drafts) await append(writer, draft, form);
    await hold(holdMs);
    const { version } = await raiseVersion(writer, step.key);
    await record(
      writer,
      drafts.map((draft) => ({ ...draft, version })),
    );
  }
}

async function messagesLast(writer: pg.ClientBase, write: PlannedWrite, hold: Hold) {
  const steps = await lockKeys(writer, write.steps);
  if (write.form === 'array') {
    await hold(write.holdMs);
    return appendAll(writer, steps);
  }
  for (const step of steps) {
    if (step.savepoint !== 'none') await writer.query('savepoint step');
    const { version, tx } = await raiseVersion(writer, step.key);
    const drafts = draftsOf(step, version, tx);
    await record(writer, drafts);
    for (const draft of drafts) await append(writer, draft, write.form);
    if (step.savepoint === 'released') await writer.query('release savepoint step');
    if (step.savepoint === 'rolled back') await writer.query('rollback to savepoint step');
  }
  await hold(write.holdMs);
}

/** Locks the rows of all keys, in the order in which the outbox locks buckets and keys; returns the steps in this order. */
async function lockKeys(writer: pg.ClientBase, steps: readonly WriteStep[]): Promise<WriteStep[]> {
  const { rows } = await writer.query<{ key: string }>(
    `select key from history.key_version where key = any ($1)
      order by outbox.key_hash(key) & 1023, key for update`,
    [steps.map(({ key }) => key)],
  );
  const byKey = new Map(steps.map((step) => [step.key, step]));
  return rows.flatMap(({ key }) => byKey.get(key) ?? []);
}

interface Raised {
  key: string;
  version: number;
  tx: string;
}

const raise = `
update history.key_version set version = version + 1 where key = any ($1)
returning key, version, pg_current_xact_id()::text as tx`;

async function raiseVersion(writer: pg.ClientBase, key: string): Promise<Raised> {
  const { rows } = await writer.query<Raised>(raise, [[key]]);
  if (!rows[0]) throw new Error(`there is no key ${key}`);
  return rows[0];
}

async function appendAll(writer: pg.ClientBase, steps: readonly WriteStep[]): Promise<void> {
  const { rows } = await writer.query<Raised>(raise, [steps.map(({ key }) => key)]);
  const raised = new Map(rows.map((row) => [row.key, row]));
  const drafts = steps.flatMap((step) => {
    const { version = null, tx = '' } = raised.get(step.key) ?? {};
    return draftsOf(step, version, tx);
  });
  await record(writer, drafts);
  await writer.query(
    `select outbox.append(topics => $1::text[], keys => $2::text[], types => array_fill('T'::text, array[cardinality($1::text[])]),
       payloads => (select array_agg(convert_to(value, 'UTF8') order by place) from unnest($3::text[]) with ordinality as payload(value, place)),
       headers => null, ids => $4::uuid[])`,
    [column(drafts, 'topic'), column(drafts, 'key'), column(drafts, 'value'), column(drafts, 'id')],
  );
}

function draftsOf(step: WriteStep, version: number | null, tx: string): Draft[] {
  const { topic, key, padding } = step;
  return Array.from({ length: step.messages }, (_, index) => {
    const [id, part] = [randomUUID(), index + 1];
    const value = JSON.stringify({ id, topic, key, version, part, tx, padding: 'x'.repeat(padding) });
    return { id, topic, key, part, version, value };
  });
}

async function append(writer: pg.ClientBase, draft: Draft, form: PlannedWrite['form']): Promise<void> {
  const { id, topic, key, value } = draft;
  await writer.query(
    form === 'call'
      ? `select outbox.append(topic => $2, key => $3, type => 'T', payload => convert_to($4, 'UTF8'), id => $1)`
      : `insert into outbox.message (id, topic, key, type, payload) values ($1, $2, $3, 'T', convert_to($4, 'UTF8'))`,
    [id, topic, key, value],
  );
}

async function record(writer: pg.ClientBase, drafts: readonly Draft[]): Promise<void> {
  await writer.query(
    `insert into history.message (id, topic, key, version, part, value)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::text[])`,
    [
      ...[column(drafts, 'id'), column(drafts, 'topic'), column(drafts, 'key')],
      ...[column(drafts, 'version'), column(drafts, 'part'), column(drafts, 'value')],
    ],
  );
}

const column = <Name extends keyof Draft>(drafts: readonly Draft[], name: Name) =>
  drafts.map((draft) => draft[name]);
