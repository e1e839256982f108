import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { migrateInbox } from './migrate-inbox.ts';
import { openInbox } from './open-inbox.ts';
import type { Inbox } from './open-inbox.ts';
import { openPool } from './open-pool.ts';
import type { Pool } from './open-pool.ts';

let stack: AsyncDisposableStack;
let pool: Pool;
let client: pg.Client;
/** Two notifiers: the lease of the first outlasts the spec, that of the second is over at once. */
let patient: Inbox;
let crashed: Inbox;

/** As long as any other statement. */
const beginTimeoutMs = 10_000;
const inboxWith = (options: { leaseMs: number; channel?: string; beginTimeoutMs?: number }) =>
  openInbox({ pool, channel: 'default', beginTimeoutMs, ...options });

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const { url } = stack.use(await throwAwayDatabase());
  await migrateInbox({ databaseUrl: url });
  pool = stack.use(openPool(url));
  patient = inboxWith({ leaseMs: 60_000 });
  crashed = inboxWith({ leaseMs: 0 });
  client = new pg.Client({ connectionString: url });
  await client.connect();
  stack.defer(() => client.end());
});
afterAll(() => stack.disposeAsync());

const row = async (id: string) =>
  (await client.query<Record<string, unknown>>('select * from notifier.inbox where id = $1', [id])).rows[0];
const claim = async (inbox: Inbox, id: string) => (await inbox.claim([id])).get(id);
const begin = async (inbox: Inbox, id: string, post: string = randomUUID()) =>
  (await inbox.beginPost([id], post)).has(id);
const fresh = { kind: 'claimed', earlierPost: undefined };

describe('the inbox', () => {
  it('gives each of many messages to one of many claimants, who ask for all of them at once', async () => {
    const ids = Array.from({ length: 50 }, () => randomUUID());
    const claimants = Array.from({ length: 10 }, () => inboxWith({ leaseMs: 60_000 }));
    const all = await Promise.all(
      claimants.map((one, index) => one.claim(index % 2 ? ids : ids.toReversed())),
    );
    for (const id of ids) {
      const claims = all.map((claims) => claims.get(id)?.kind).sort();
      expect(claims).toEqual(['claimed', ...Array.from({ length: 9 }, () => 'taken')]);
    }
  });

  it('locks nobody out who names the same messages in another order', async () => {
    const ids = Array.from({ length: 3000 }, () => randomUUID()).toSorted();
    const reversed = ids.toReversed();
    // The rows lie there, as after a crash: each statement locks all of them.
    await crashed.claim(ids);
    await Promise.all([crashed.claim(ids), inboxWith({ leaseMs: 0 }).claim(reversed)]);
    await Promise.all([crashed.markTold(ids), patient.markTold(reversed)]);
    expect((await patient.claim([ids[0]!])).get(ids[0]!)).toEqual({ kind: 'told' });
  });

  it('says how long another has the message', async () => {
    const id = randomUUID();
    expect(await claim(patient, id)).toEqual(fresh);
    const taken = await claim(crashed, id);
    expect(taken).toEqual({ kind: 'taken', leaseMs: expect.any(Number) as unknown });
    expect(taken?.kind === 'taken' && taken.leaseMs).toBeGreaterThan(50_000);
  });

  it('tells of each message by itself: new, told, and taken', async () => {
    const [told, taken, untouched] = [randomUUID(), randomUUID(), randomUUID()];
    await patient.markTold([told]);
    await patient.claim([taken]);
    const claims = await crashed.claim([told, untouched, taken]);
    expect([told, taken, untouched].map((id) => claims.get(id)?.kind)).toEqual(['told', 'taken', 'claimed']);
  });

  it('drops a repeat of what was told', async () => {
    const id = randomUUID();
    await claim(patient, id);
    await patient.markTold([id]);
    expect(await claim(patient, id)).toEqual({ kind: 'told' });
    expect(await claim(crashed, id)).toEqual({ kind: 'told' });
    expect(await row(id)).toMatchObject({ state: 'TOLD', told_at: expect.any(Date) as unknown, owner: null });
  });

  it('keeps a word of its own for each channel', async () => {
    const id = randomUUID();
    const other = inboxWith({ leaseMs: 60_000, channel: 'failures' });
    await patient.markTold([id]);
    expect(await claim(other, id)).toEqual(fresh);
    expect(await claim(patient, id)).toEqual({ kind: 'told' });
  });

  it('renews a claim of its own, and forgets nothing about it', async () => {
    const id = randomUUID();
    expect(await claim(crashed, id)).toEqual(fresh);
    expect(await claim(crashed, id)).toEqual(fresh);
    await begin(crashed, id, '6f1c2b1e-6f0c-4b57-8a53-0a9f6f2c9f10');
    const again = { kind: 'claimed', earlierPost: { id: '6f1c2b1e-6f0c-4b57-8a53-0a9f6f2c9f10', size: 1 } };
    expect(await claim(crashed, id)).toEqual(again);
    expect(await row(id)).toMatchObject({ claims: 1 });
  });

  it('gives a message on when the lease of its claimant is over, with the post that may have told it', async () => {
    const [id, unposted, post] = [randomUUID(), randomUUID(), randomUUID()];
    await crashed.claim([id, unposted]);
    await begin(crashed, id, post);
    expect(await claim(patient, id)).toEqual({ kind: 'claimed', earlierPost: { id: post, size: 1 } });
    expect(await claim(patient, unposted)).toEqual(fresh);
    expect(await row(id)).toMatchObject({ claims: 2 });
  });

  it('forgets a post that certainly did not come through, and not the one before it', async () => {
    const id = randomUUID();
    await claim(crashed, id);
    await begin(crashed, id);
    await crashed.notPosted([id], undefined);
    expect(await claim(crashed, id)).toEqual(fresh);
    const unanswered = randomUUID();
    await begin(crashed, id, unanswered);
    await begin(crashed, id);
    await crashed.notPosted([id], { id: unanswered, size: 3 });
    expect(await claim(patient, id)).toEqual({ kind: 'claimed', earlierPost: { id: unanswered, size: 3 } });
  });

  it('lets only the holder of a claim post, and extends its lease', async () => {
    const id = randomUUID();
    await claim(crashed, id);
    await claim(patient, id);
    expect(await begin(crashed, id)).toBe(false);
    await client.query(`update notifier.inbox set lease_until = now() - interval '1 h' where id = $1`, [id]);
    expect(await begin(patient, id)).toBe(true);
    expect((await claim(crashed, id))?.kind).toBe('taken');
  });

  it('takes a mark that comes late: the message is in Slack, whoever has it now', async () => {
    const id = randomUUID();
    await claim(crashed, id);
    await claim(patient, id);
    await crashed.markTold([id]);
    expect(await begin(patient, id)).toBe(false);
    expect(await claim(patient, id)).toEqual({ kind: 'told' });
  });

  it('keeps the time of the first mark', async () => {
    const id = randomUUID();
    await patient.markTold([id]);
    const before = await row(id);
    await patient.markTold([id]);
    expect(await row(id)).toEqual(before);
  });

  it('tries what was refused again when it is delivered again, and does not call that a repeat', async () => {
    const id = randomUUID();
    await claim(patient, id);
    await begin(patient, id);
    await patient.markRefused(id, 'Slack answered 400 invalid_blocks');
    expect(await row(id)).toMatchObject({ state: 'REFUSED', reason: 'Slack answered 400 invalid_blocks' });
    expect(await claim(patient, id)).toEqual(fresh);
    expect(await row(id)).toMatchObject({ state: 'CLAIMED', reason: null });
  });

  it('takes any text as the reason, also one that PostgreSQL cannot hold', async () => {
    const id = randomUUID();
    await claim(patient, id);
    await patient.markRefused(id, 'no text: \0 and \ud800');
    expect(await row(id)).toMatchObject({ state: 'REFUSED', reason: 'no text: \ufffd and \ufffd' });
  });

  it('forgets a claim that was given back, unless it was lost before', async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    await claim(patient, id);
    await patient.release([id]);
    expect(await row(id)).toBeUndefined();
    await claim(crashed, other);
    await claim(patient, other);
    await crashed.release([other]);
    expect((await claim(crashed, other))?.kind).toBe('taken');
  });

  it('keeps what a claim that was given back knew of a post without an answer, its own or an earlier one', async () => {
    const [own, earlier, post] = [randomUUID(), randomUUID(), randomUUID()];
    await patient.claim([own]);
    await begin(patient, own, post);
    await crashed.claim([earlier]);
    await begin(crashed, earlier, post);
    await patient.claim([earlier]);
    await patient.release([own, earlier]);
    expect(await claim(patient, own)).toEqual({ kind: 'claimed', earlierPost: { id: post, size: 1 } });
    expect(await claim(patient, earlier)).toEqual({ kind: 'claimed', earlierPost: { id: post, size: 1 } });
  });

  it('takes a late mark of which it knows nothing any more', async () => {
    const id = randomUUID();
    await claim(patient, id);
    await client.query('delete from notifier.inbox where id = $1', [id]);
    await patient.markTold([id]);
    expect(await claim(patient, id)).toEqual({ kind: 'told' });
  });

  it('gives up a beginning that is answered late: too little of the lease would be left for a post', async () => {
    // Far below the 10 s after which any other statement is given up.
    const hasty = inboxWith({ leaseMs: 60_000, beginTimeoutMs: 2000 });
    const id = randomUUID();
    await claim(hasty, id);
    await client.query('begin');
    try {
      await client.query('select from notifier.inbox where id = $1 for update', [id]);
      const started = performance.now();
      await expect(begin(hasty, id)).rejects.toThrow('timeout');
      expect(performance.now() - started).toBeLessThan(9500);
    } finally {
      await client.query('rollback');
    }
    expect(await eventually(() => begin(hasty, id), { timeoutMs: 30_000 })).toBe(true);
  });

  it('finds a connection again after the server cut all of them', async () => {
    const id = randomUUID();
    await claim(patient, id);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    expect((await eventually(() => claim(crashed, id), { timeoutMs: 30_000 }))?.kind).toBe('taken');
  });
});
