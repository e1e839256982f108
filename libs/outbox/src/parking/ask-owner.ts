import type { ClientBase } from 'pg';
import { OutboxError } from '../errors.ts';
import { wakeChannel } from '../wake/channel.ts';
import { requestHint } from './request-hint.ts';

/** What to release: a key, a topic, a key in a topic, or all. */
export interface ReleaseRequest {
  key?: string | undefined;
  topic?: string | undefined;
  all?: boolean | undefined;
}

/** One request for each lane in which something of it is parked. By `parked_by_key`; 100,000 parked rows in 0.1 s. */
const insertReleases = `
insert into outbox.request (lane, kind, topic, key)
select distinct lane, 'RELEASE', $1::text, $2::text from outbox.parked
 where state = 'PARKED' and ($1::text is null or topic = $1) and ($2::text is null or key = $2)
returning number`;

/**
 * Asks the owners of the lanes to publish what is parked. They carry it out between two batches; `readRequests` tells how
 * far they are. @returns the numbers of the requests
 * @throws {OutboxError} MISUSE when nothing of it is parked
 */
export async function requestRelease(client: ClientBase, what: ReleaseRequest): Promise<number[]> {
  const { key, topic, all = false } = what;
  if (all === (key !== undefined || topic !== undefined))
    throw new OutboxError('MISUSE', 'Name what to release: a key, a topic, or all.');
  const numbers = await insert(client, insertReleases, [topic ?? null, key ?? null]);
  if (numbers.length > 0) return numbers;
  const of = [
    key !== undefined && `key ${JSON.stringify(key)}`,
    topic !== undefined && `topic ${JSON.stringify(topic)}`,
  ];
  throw new OutboxError(
    'MISUSE',
    `Nothing is parked${all ? '' : ` of ${of.filter(Boolean).join(' in ')}`}: \`npm run outbox -- parked\` lists what is.`,
  );
}

const insertDiscards = `
insert into outbox.request (lane, kind, topic, key, seq)
select lane, 'DISCARD', topic, key, seq from outbox.parked where id = $1 and state = 'PARKED'
returning number`;

/**
 * Asks the owner of its lane to give a parked message up: it is never published. What follows it stays parked until it is
 * released. @returns the numbers of the requests, one for each parked message of that id
 * @throws {OutboxError} MISUSE when no message of that id is parked
 */
export async function requestDiscard(client: ClientBase, { id }: { id: string }): Promise<number[]> {
  const numbers = isUuid(id) ? await insert(client, insertDiscards, [id]) : [];
  if (numbers.length > 0) return numbers;
  throw new OutboxError('MISUSE', isUuid(id) ? await whyNotParked(client, id) : unknownId(id));
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

const unknownId = (id: string) =>
  `No message ${id} is parked: \`npm run outbox -- parked\` lists those that are.`;

async function whyNotParked(client: ClientBase, id: string): Promise<string> {
  const { rows } = await client.query<{ state: string }>('select state from outbox.parked where id = $1', [
    id,
  ]);
  if (rows.some(({ state }) => state === 'DISCARDED'))
    return `Message ${id} is discarded already: nothing is left to do.`;
  if (rows.length > 0) return `Message ${id} was released and is published: it cannot be discarded any more.`;
  return unknownId(id);
}

/** A request for each lane, or for that of the key. */
const insertRepublishes = `
insert into outbox.request (lane, kind, key, since)
select lane, 'REPUBLISH', $1::text, $2 from generate_series(0, 15) as lane
 where $1::text is null or lane = (outbox.key_hash($1) & 15)
returning number`;

/**
 * Asks the owners of the lanes to publish again what is published and was created at `since` or later, each key's in its
 * order, of one key where it is given. Readers see the same ids once more. @returns the numbers of the requests
 * @throws {OutboxError} MISUSE when `since` is not a time
 */
export async function requestRepublish(
  client: ClientBase,
  { since, key }: { since: Date; key?: string | undefined },
): Promise<number[]> {
  if (Number.isNaN(since.getTime()))
    throw new OutboxError('MISUSE', '`since` is not a time: give it as 2026-01-31T12:00:00Z.');
  return insert(client, insertRepublishes, [key ?? null, since]);
}

/** The hint goes out with the rows: both belong to one transaction, the caller's where there is one. */
async function insert(client: ClientBase, text: string, values: unknown[]): Promise<number[]> {
  const { rows } = await client.query<{ numbers: string[] | null }>(
    `with inserted as (${text})
     select array_agg(number order by number) as numbers, pg_notify('${wakeChannel}', '${requestHint}') from inserted`,
    values,
  );
  return (rows[0]?.numbers ?? []).map(Number);
}

/** How far a request is. */
export interface RequestProgress {
  number: number;
  lane: number;
  kind: 'RELEASE' | 'DISCARD' | 'REPUBLISH';
  /** Messages carried out so far. */
  count: number;
  finishedAt: Date | null;
  /** What became of it, in a sentence, once it is finished. */
  outcome: string | null;
}

/** Reads how far requests are, in order of their numbers. An unknown number is left out. */
export async function readRequests(
  client: ClientBase,
  numbers: readonly number[],
): Promise<RequestProgress[]> {
  const { rows } = await client.query<RequestProgress & { number: string; count: string }>(
    `select number, lane, kind, count, finished_at as "finishedAt", outcome
       from outbox.request where number = any ($1::bigint[]) order by number`,
    [numbers],
  );
  return rows.map((row) => ({ ...row, number: Number(row.number), count: Number(row.count) }));
}
