import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import pg from 'pg';

/** The right to tell one message, until its lease ends. `mayRepeat`: an earlier claimant may have told it already. */
export type Claim = { id: string; number: number; mayRepeat: boolean };

/** What became of the wish to tell a message: `taken`: another claimant has it, for at most this long. */
export type Claiming =
  { kind: 'claimed'; claim: Claim } | { kind: 'told' } | { kind: 'taken'; leaseMs: number };

/**
 * Which messages were told, are being told, or were refused. Every method is one statement, throws what PostgreSQL
 * answers, and may be repeated. Time is the server's alone: clocks of two notifiers need not agree.
 */
export type Inbox = AsyncDisposable & {
  claim(id: string): Promise<Claiming>;
  /**
   * A new lease, just before a post; false: the claim was lost, and the message must not be posted. Throws when the
   * answer comes later than `renewTimeoutMs`: a lease runs from the server's clock, and this one may be nearly over.
   */
  renew(claim: Claim): Promise<boolean>;
  /** It is in Slack: said whoever holds the claim by now, since it is true. */
  markTold(claim: Claim): Promise<void>;
  /** It can never be told. A later delivery of it is tried again. */
  markRefused(claim: Claim, reason: string): Promise<void>;
  /**
   * Gives back a claim, so that nobody waits for its lease. `mayBeTold`: a post under it was not answered. That one of
   * its posts or an earlier claimant may have told the message is not forgotten.
   */
  release(claim: Claim, options: { mayBeTold: boolean }): Promise<void>;
};

/**
 * `leaseMs`: longer than a renewal, one post and its mark may take together; renewed before each post.
 * `renewTimeoutMs`: how long that renewal may take.
 */
export type InboxOptions = { databaseUrl: string; leaseMs: number; renewTimeoutMs: number };

/** A few connections are enough: each message has one statement under way, and Slack sets the pace. */
const poolSize = 4;

/** Opens the inbox. Connects with the first statement; statements are given up after 10 s, connecting after 5 s. */
export function openInbox({ databaseUrl, leaseMs, renewTimeoutMs }: InboxOptions): Inbox {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'notifier',
    max: poolSize,
    connectionTimeoutMillis: 5000,
    query_timeout: 10_000,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced by the pool; the next statement reports what is wrong.
  pool.on('error', () => undefined);
  const owner = `${hostname()}/${String(process.pid)}/${randomUUID()}`;

  return {
    claim: (id) => claim(pool, { id, owner, leaseMs }),
    renew: async ({ id, number }) => {
      const values = [id, owner, number, leaseMs];
      const renewal = { text: renewSql, values, query_timeout: renewTimeoutMs };
      const { rowCount } = await pool.query(renewal);
      return rowCount === 1;
    },
    markTold: async ({ id }) => void (await pool.query(markToldSql, [id])),
    markRefused: async ({ id, number }, reason) =>
      void (await pool.query(markRefusedSql, [id, owner, number, reason])),
    release: async ({ id, number }, { mayBeTold }) =>
      void (await pool.query(number === 1 && !mayBeTold ? forgetSql : endLeaseSql, [id, owner, number])),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

type ClaimOf = { id: string; owner: string; leaseMs: number };

async function claim(pool: pg.Pool, { id, owner, leaseMs }: ClaimOf): Promise<Claiming> {
  const { rows } = await pool.query<{ claims: number; may_repeat: boolean }>(claimSql, [id, owner, leaseMs]);
  const [won] = rows;
  if (won) return { kind: 'claimed', claim: { id, number: won.claims, mayRepeat: won.may_repeat } };
  const other = await pool.query<{ state: string; lease_ms: number }>(readSql, [id]);
  // No row: its claimant gave it back in between; it can be claimed at once.
  const { state, lease_ms: left } = other.rows[0] ?? { state: 'CLAIMED', lease_ms: 0 };
  return state === 'TOLD' ? { kind: 'told' } : { kind: 'taken', leaseMs: Math.max(0, left) };
}

/**
 * Takes the message if nobody has: a new row, a claim whose lease is over, or one that was refused before. The row lock
 * of the upsert makes two claimants one after the other; the second finds the first one's lease. `may_repeat` comes
 * from the claim before, read by the same statement.
 */
const claimSql = `
  with before as (select state from notifier.inbox where id = $1)
  insert into notifier.inbox as inbox (id, state, owner, lease_until)
  values ($1, 'CLAIMED', $2, clock_timestamp() + $3 * interval '1 millisecond')
  on conflict (id) do update
    set state = 'CLAIMED', owner = excluded.owner, lease_until = excluded.lease_until, reason = null,
        claims = inbox.claims + 1, claimed_at = excluded.claimed_at
    where inbox.state = 'REFUSED' or (inbox.state = 'CLAIMED' and inbox.lease_until <= clock_timestamp())
  returning claims, claims > 1 and (select state from before) is distinct from 'REFUSED' as may_repeat`;

const readSql = `
  select state, (extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as lease_ms
  from notifier.inbox where id = $1`;

const renewSql = `
  update notifier.inbox set lease_until = clock_timestamp() + $4 * interval '1 millisecond'
  where id = $1 and state = 'CLAIMED' and owner = $2 and claims = $3`;

/**
 * No fence, and a row of its own where there is none: a post that came in late is told all the same, and telling it
 * once more would be wrong.
 */
const markToldSql = `
  insert into notifier.inbox as inbox (id, state, told_at) values ($1, 'TOLD', clock_timestamp())
  on conflict (id) do update
    set state = 'TOLD', told_at = excluded.told_at, owner = null, lease_until = null, reason = null
    where inbox.state <> 'TOLD'`;

const markRefusedSql = `
  update notifier.inbox set state = 'REFUSED', reason = $4, owner = null, lease_until = null
  where id = $1 and state = 'CLAIMED' and owner = $2 and claims = $3`;

/** The first claim, given back with nothing posted: nobody has told the message, as if it had never been delivered. */
const forgetSql = `
  delete from notifier.inbox
  where id = $1 and state = 'CLAIMED' and owner = $2 and claims = $3`;

/** Any other claim, given back: it or an earlier one may have told the message, and only the row knows it. */
const endLeaseSql = `
  update notifier.inbox set lease_until = clock_timestamp()
  where id = $1 and state = 'CLAIMED' and owner = $2 and claims = $3`;
