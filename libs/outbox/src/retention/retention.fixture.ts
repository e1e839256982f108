import type pg from 'pg';
import { eventually } from '@payments/testing';
import { readClusterIdentity, readPositions, writeCheckpoints } from '../relay/checkpoints.ts';
import { takeMark } from '../relay/mark.ts';
import { advance, type Positions } from '../relay/position.ts';
import { readMessages } from '../relay/read-messages.ts';
import { lanes } from '../relay/share-lanes.ts';
import { idleCheckpoints } from './idle-checkpoints.ts';

/** A slot that is old by this retention, whatever the time: the one after the next, last used 14 to 15 units ago. */
export async function oldSlot(client: pg.Client): Promise<{ slot: number; retentionHours: number }> {
  const slot = ((await slotNow(client)) + 2) % 16;
  return { slot, retentionHours: 100 };
}

/** The slot in use. */
export async function slotNow(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ slot: number }>(
    'select (extract(epoch from clock_timestamp())::bigint / 43200 % 16)::integer as slot',
  );
  return rows[0]?.slot ?? 0;
}

/** So late that every slot but one is old. */
export const inDays = (days: number): Date => new Date(Date.now() + days * 24 * 3_600_000);

/** Appends messages as if they had been written when `slot` was in use: `count` of them, of as many keys. */
export async function appendInto(client: pg.Client, slot: number, count = 1, prefix = 'k'): Promise<void> {
  await client.query(`set outbox.lock_mode = 'buckets'`);
  await client.query(
    `insert into outbox.message (topic, key, type, payload, slot)
     select 'topic', $3 || i::text, 'Happened', '\\x00', $1::smallint from generate_series(1, $2::integer) as i`,
    [slot, count, prefix],
  );
  await client.query(`set outbox.lock_mode = ''`);
}

/** Publishes everything as a relay does, checkpoints included; the positions behind it. */
export async function publishAll(client: pg.Client, among = lanes): Promise<Positions> {
  const cluster = await readClusterIdentity(client);
  let { positions } = await readPositions(client, among, cluster);
  for (;;) {
    const { messages, outcome } = await readMessages(client, positions, {
      limits: { rows: 100_000, bytes: 2 ** 30 },
      mark: await takeMark(client),
    });
    const { next, checkpoints } = advance(positions, outcome);
    if (checkpoints.length > 0) await writeCheckpoints(client, checkpoints, cluster);
    const finished = [...positions, ...next].every(({ window }) => window === null);
    positions = next;
    if (messages.length === 0 && finished) return positions;
  }
}

/** What an owner of lanes does before it empties slots. */
export async function checkpointIdleLanes(client: pg.Client, positions: Positions): Promise<number> {
  const { rows } = await client.query<{ lane: number; done: string }>(
    'select distinct on (lane) lane, done::text from outbox.checkpoint order by lane, number desc',
  );
  const written = new Map(rows.map(({ lane, done }) => [lane, done]));
  const checkpoints = idleCheckpoints(positions, written);
  if (checkpoints.length > 0) await writeCheckpoints(client, checkpoints, await readClusterIdentity(client));
  return checkpoints.length;
}

/** Publishes everything, and lets go what no open transaction holds back. */
export async function settle(client: pg.Client): Promise<void> {
  await checkpointIdleLanes(client, await publishAll(client));
}

/** As {@link settle}, until all that is written now is let go: transactions of other specs, in the same server, hold it back. */
export async function settleAll(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  await eventually(async () => {
    await settle(client);
    const behind = await client.query(
      `select from (select distinct on (lane) done from outbox.checkpoint order by lane, number desc) as newest
        where pg_snapshot_xmin(done) <= $1::text::xid8`,
      [rows[0]?.xid],
    );
    if (behind.rows.length > 0) throw new Error(`${behind.rows.length} lanes are held back`);
  });
}

/** Says of everything that it is published, without a look at it. */
export async function passOver(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ done: string }>('select pg_current_snapshot()::text as done');
  const done = rows[0]?.done ?? '';
  await checkpointIdleLanes(
    client,
    lanes.map((lane) => ({ lane, done, window: null, pos: 0n, floor: 0n, nextFloor: 0n, ceiling: null })),
  );
}

/** How many messages are in a slot. */
export async function messagesIn(client: pg.Client, slot: number): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::integer as count from outbox.message where slot = $1',
    [slot],
  );
  return rows[0]?.count ?? 0;
}

/** Replaces a piece of a function's text: a fault to plant, or a stop to make in the middle. Shipped nowhere. */
export async function alter(client: pg.Client, name: string, piece: string, other: string): Promise<void> {
  const { rows } = await client.query<{ text: string }>(
    'select pg_get_functiondef($1::regproc::oid) as text',
    [name],
  );
  const text = rows[0]?.text ?? '';
  if (!text.includes(piece)) throw new Error(`${name} has no "${piece}"`);
  await client.query(text.replace(piece, () => other));
}

/** Makes the functions stop, at `stopHere`, until {@link goOn}. */
export async function prepareStop(client: pg.Client): Promise<void> {
  await client.query(`
create table public.stop (reached boolean not null);
insert into public.stop values (false);
create function public.stop_here() returns void language plpgsql as $$
begin
  -- A session lock says from within the transaction that the point is reached.
  perform pg_advisory_lock_shared(1, 1);
  while pg_try_advisory_lock_shared(2, 2) is not true loop perform pg_sleep(0.005); end loop;
  perform pg_advisory_unlock_shared(2, 2);
  perform pg_advisory_unlock_shared(1, 1);
end $$`);
  await client.query('select pg_advisory_lock(2, 2)');
}

/** The statement, to be put into a function. */
export const stopHere = 'perform public.stop_here();';

/** The signal that a function has come to its stop. */
export async function stopped(client: pg.Client): Promise<void> {
  await eventually(async () => {
    const { rows } = await client.query(
      `select from pg_locks where locktype = 'advisory' and classid = 1 and objid = 1 and objsubid = 2
         and database = (select oid from pg_database where datname = current_database())`,
    );
    if (rows.length === 0) throw new Error('the stop is not reached');
  });
}

/** Ends the stop; the client is the one that prepared it. */
export async function goOn(client: pg.Client): Promise<void> {
  await client.query('select pg_advisory_unlock(2, 2)');
}
