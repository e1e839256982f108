import type { ClientBase } from 'pg';

/** What somebody asked of a lane's owner. */
export interface Request {
  number: bigint;
  lane: number;
  kind: 'RELEASE' | 'DISCARD' | 'REPUBLISH';
  topic: string | null;
  key: string | null;
  seq: bigint | null;
  since: Date | null;
  /** Messages carried out so far. */
  count: number;
  /** The last seq of the log that a REPUBLISH looked at. */
  pos: bigint;
}

interface Row extends Omit<Request, 'number' | 'seq' | 'count' | 'pos'> {
  number: string;
  seq: string | null;
  count: string;
  pos: string;
}

/** By `request_waiting`, which holds the open ones alone: 0.1 ms where there are none. */
const openRequests = `
select number, lane, kind, topic, key, seq, since, count, pos
  from outbox.request where lane = any ($1::smallint[]) and finished_at is null
 order by number limit 1000`;

/** The open requests to the owner of `lanes`, oldest first. */
export async function readOpenRequests(client: ClientBase, lanes: readonly number[]): Promise<Request[]> {
  const { rows } = await client.query<Row>({
    name: 'outbox open requests',
    text: openRequests,
    values: [lanes],
  });
  return rows.map((row) => ({
    ...row,
    number: BigInt(row.number),
    seq: row.seq === null ? null : BigInt(row.seq),
    count: Number(row.count),
    pos: BigInt(row.pos),
  }));
}

/** By the primary key. Only the lane's owner updates a request. */
const progress = `
update outbox.request
   set count = $2, pos = $3, outcome = $4, finished_at = case when $4::text is null then null else clock_timestamp() end
 where number = $1`;

/** Writes down how far a request is; with an `outcome`, a sentence, it is finished. */
export async function noteProgress(
  client: ClientBase,
  { number, count, pos }: Pick<Request, 'number' | 'count' | 'pos'>,
  outcome: string | null,
): Promise<void> {
  await client.query({
    name: 'outbox request progress',
    text: progress,
    values: [number, count, pos, outcome],
  });
}
