import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool } from './open-pool.ts';

/** A post of which nobody knows whether it came through, and how many messages it held. */
export type EarlierPost = { id: string; size: number };

/**
 * What became of the wish to tell a message:
 * - `claimed`: it is ours until the lease ends. `earlierPost`: a post that held it, of which nobody knows whether it came
 *   through; our own of before, too
 * - `told`: it is in the channel
 * - `taken`: another claimant has it, for at most this long
 */
export type Claiming =
  | { kind: 'claimed'; earlierPost: EarlierPost | undefined }
  | { kind: 'told' }
  | { kind: 'taken'; leaseMs: number };

/**
 * Which messages were told in one channel, are being told, or were refused; by their ids, in lower case. Every method is
 * one statement or two, throws what PostgreSQL answers, and may be repeated. Time is the server's alone: clocks of two
 * notifiers need not agree.
 */
export type Inbox = {
  /** Claims messages, or renews the claims on them. Every id is in the answer. */
  claim(ids: readonly string[]): Promise<Map<string, Claiming>>;
  /**
   * Just before a post: renews the claims and notes the post. Only the ids it returns are still ours to post. Throws when
   * the answer comes later than `beginTimeoutMs`: a lease runs from the server's clock, and may be nearly over.
   */
  beginPost(ids: readonly string[], post: string): Promise<Set<string>>;
  /** The post certainly did not come through: notes the one before it again, if there was one. The claims are kept. */
  notPosted(ids: readonly string[], earlierPost: EarlierPost | undefined): Promise<void>;
  /** They are in the channel: said whoever holds the claims by now, since it is true. */
  markTold(ids: readonly string[]): Promise<void>;
  /** It can never be told. A later delivery of it is tried again. */
  markRefused(id: string, reason: string): Promise<void>;
  /** Gives claims back, so that nobody waits for their leases. A post that nobody answered is not forgotten. */
  release(ids: readonly string[]): Promise<void>;
};

/** Times in milliseconds. `leaseMs`: longer than `beginTimeoutMs`, one post and its mark may take together. */
export type InboxOptions = {
  pool: Pool;
  channel: string;
  leaseMs: number;
  beginTimeoutMs: number;
};

/** Opens the inbox of a channel, for one claimant. */
export function openInbox({ pool, channel, leaseMs, beginTimeoutMs }: InboxOptions): Inbox {
  const owner = `${hostname()}/${String(process.pid)}/${randomUUID()}`;
  return {
    claim: async (ids) => {
      const mine = await pool.query<ClaimedRow>(claimSql, [ids, channel, owner, leaseMs]);
      const claims = new Map(mine.rows.map((row) => [row.id, claimed(row)]));
      const others = ids.filter((id) => !claims.has(id));
      if (others.length > 0) {
        const { rows } = await pool.query<OtherRow>(readSql, [others, channel]);
        // No row: its claimant gave it back in between; it can be claimed at once.
        for (const id of others) claims.set(id, { kind: 'taken', leaseMs: 0 });
        for (const row of rows) claims.set(row.id, notOurs(row));
      }
      return claims;
    },
    beginPost: async (ids, post) => {
      const values = [ids, channel, owner, leaseMs, post];
      const begin = { text: beginPostSql, values, query_timeout: beginTimeoutMs };
      const { rows } = await pool.query<{ id: string }>(begin);
      return new Set(rows.map(({ id }) => id));
    },
    notPosted: async (ids, earlierPost) =>
      void (await pool.query(notPostedSql, [
        ids,
        channel,
        owner,
        earlierPost?.id ?? null,
        earlierPost?.size ?? null,
      ])),
    markTold: async (ids) => void (await pool.query(markToldSql, [ids, channel])),
    markRefused: async (id, reason) => {
      // The one character that PostgreSQL holds in no text: its error would be waited out, for ever.
      const values = [id, channel, owner, reason.replaceAll('\0', '\ufffd')];
      await pool.query(markRefusedSql, values);
    },
    release: async (ids) => void (await pool.query(releaseSql, [ids, channel, owner])),
  };
}

type ClaimedRow = { id: string; post: string | null; post_size: number | null };
type OtherRow = { id: string; state: string; lease_ms: number | null };

const claimed = ({ post, post_size: size }: ClaimedRow): Claiming => ({
  kind: 'claimed',
  earlierPost: post === null ? undefined : { id: post, size: size ?? 1 },
});
const notOurs = ({ state, lease_ms: leaseMs }: OtherRow): Claiming =>
  state === 'TOLD' ? { kind: 'told' } : { kind: 'taken', leaseMs: Math.max(0, leaseMs ?? 0) };

/**
 * Takes each message that nobody has: a new row, a claim of our own or one whose lease is over, or one that was refused
 * before. The row lock of the upsert makes two claimants one after the other; the second finds the first one's lease. In
 * the order of the ids, so that two claimants of the same messages do not lock each other out.
 *
 * `owner` alone is the fence, since each claimant has one of its own. `claims` counts the claimants of a message: for people,
 * and for specs.
 */
const claimSql = `
  insert into notifier.inbox as inbox (id, channel, state, owner, lease_until)
  select id, $2, 'CLAIMED', $3, clock_timestamp() + $4 * interval '1 millisecond'
  from (select id from unnest($1::uuid[]) as wanted (id) order by id) as wanted
  on conflict (id, channel) do update
    set state = 'CLAIMED', owner = excluded.owner, lease_until = excluded.lease_until, reason = null,
        claims = inbox.claims + case when inbox.owner = excluded.owner then 0 else 1 end
    where inbox.state = 'REFUSED'
      or (inbox.state = 'CLAIMED' and (inbox.owner = excluded.owner or inbox.lease_until <= clock_timestamp()))
  returning id, post, post_size`;

const readSql = `
  select id, state, (extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as lease_ms
  from notifier.inbox where id = any ($1::uuid[]) and channel = $2`;

/** The rows of ours in `$1`, locked in the order of their ids, as every statement here locks them. */
const ours = `
  select id from notifier.inbox
  where id = any ($1::uuid[]) and channel = $2 and state = 'CLAIMED' and owner = $3
  order by id for update`;

const beginPostSql = `
  with ours as materialized (${ours})
  update notifier.inbox
  set lease_until = clock_timestamp() + $4 * interval '1 millisecond', post = $5,
    post_size = (select count(*) from ours)
  where channel = $2 and id in (select id from ours)
  returning id`;

const notPostedSql = `
  with ours as materialized (${ours})
  update notifier.inbox set post = $4, post_size = $5 where channel = $2 and id in (select id from ours)`;

/**
 * No fence, and a row of its own where there is none: a post that came in late is told all the same, and telling it
 * once more would be wrong.
 */
const markToldSql = `
  insert into notifier.inbox as inbox (id, channel, state, told_at)
  select id, $2, 'TOLD', clock_timestamp()
  from (select id from unnest($1::uuid[]) as told (id) order by id) as told
  on conflict (id, channel) do update
    set state = 'TOLD', told_at = excluded.told_at, owner = null, lease_until = null, reason = null, post = null,
        post_size = null
    where inbox.state <> 'TOLD'`;

const markRefusedSql = `
  update notifier.inbox set state = 'REFUSED', reason = $4, owner = null, lease_until = null, post = null,
    post_size = null
  where id = $1 and channel = $2 and state = 'CLAIMED' and owner = $3`;

/** With nothing posted, nobody has told the message: as if it had never been delivered. */
const releaseSql = `
  with ours as materialized (${ours}),
  forgotten as (
    delete from notifier.inbox where channel = $2 and post is null and id in (select id from ours)
  )
  update notifier.inbox set lease_until = clock_timestamp()
  where channel = $2 and post is not null and id in (select id from ours)`;
