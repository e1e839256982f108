import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { migrateInbox } from './migrate-inbox.ts';
import { openInbox } from './open-inbox.ts';
import type { Claim, Claiming, Inbox } from './open-inbox.ts';

let stack: AsyncDisposableStack;
let url: string;
let client: pg.Client;
/** Two notifiers: the lease of the first outlasts the spec, that of the second is over at once. */
let patient: Inbox;
let crashed: Inbox;

/** As long as any other statement. */
const renewTimeoutMs = 10_000;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  url = stack.use(await throwAwayDatabase()).url;
  await migrateInbox({ databaseUrl: url });
  patient = stack.use(openInbox({ databaseUrl: url, leaseMs: 60_000, renewTimeoutMs }));
  crashed = stack.use(openInbox({ databaseUrl: url, leaseMs: 0, renewTimeoutMs }));
  client = new pg.Client({ connectionString: url });
  await client.connect();
  stack.defer(() => client.end());
});
afterAll(() => stack.disposeAsync());

const row = async (id: string) =>
  (await client.query<Record<string, unknown>>('select * from notifier.inbox where id = $1', [id])).rows[0];

function claimOf(claiming: Claiming): Claim {
  if (claiming.kind !== 'claimed') throw new Error(`not claimed but ${claiming.kind}`);
  return claiming.claim;
}

describe('the inbox', () => {
  it('gives a new message to one of many claimants', async () => {
    const id = randomUUID();
    const claimings = await Promise.all(Array.from({ length: 20 }, () => patient.claim(id)));
    const kinds = claimings.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['claimed', ...Array.from({ length: 19 }, () => 'taken')]);
    expect(claimings.find(({ kind }) => kind === 'claimed')).toMatchObject({ claim: { mayRepeat: false } });
  });

  it('says how long another has the message', async () => {
    const id = randomUUID();
    await patient.claim(id);
    const taken = await crashed.claim(id);
    expect(taken).toEqual({ kind: 'taken', leaseMs: expect.any(Number) as unknown });
    expect(taken.kind === 'taken' && taken.leaseMs).toBeGreaterThan(50_000);
  });

  it('drops a repeat of what was told, for ever', async () => {
    const id = randomUUID();
    await patient.markTold(claimOf(await patient.claim(id)));
    expect(await patient.claim(id)).toEqual({ kind: 'told' });
    expect(await crashed.claim(id)).toEqual({ kind: 'told' });
    expect(await row(id)).toMatchObject({ state: 'TOLD', told_at: expect.any(Date) as unknown, owner: null });
  });

  it('knows an id in capitals as the same', async () => {
    const id = randomUUID();
    await patient.markTold(claimOf(await patient.claim(id)));
    expect(await patient.claim(id.toUpperCase())).toEqual({ kind: 'told' });
  });

  it('gives a message on when the lease of its claimant is over, and says that it may be a repeat', async () => {
    const id = randomUUID();
    const first = claimOf(await crashed.claim(id));
    const second = claimOf(await patient.claim(id));
    expect([first.mayRepeat, second.mayRepeat]).toEqual([false, true]);
    expect(second.number).toBe(2);
  });

  it('lets only the holder of a claim post under it', async () => {
    const id = randomUUID();
    const lost = claimOf(await crashed.claim(id));
    const held = claimOf(await patient.claim(id));
    expect(await crashed.renew(lost)).toBe(false);
    expect(await patient.renew(held)).toBe(true);
    expect((await patient.claim(id)).kind).toBe('taken');
  });

  it('fences a claim of its own that it lost and took again', async () => {
    const id = randomUUID();
    const first = claimOf(await crashed.claim(id));
    const second = claimOf(await crashed.claim(id));
    expect(await crashed.renew(first)).toBe(false);
    expect(await crashed.renew(second)).toBe(true);
  });

  it('extends the lease with each renewal', async () => {
    const id = randomUUID();
    const claim = claimOf(await patient.claim(id));
    await client.query(`update notifier.inbox set lease_until = now() - interval '1 h' where id = $1`, [id]);
    expect(await patient.renew(claim)).toBe(true);
    expect((await crashed.claim(id)).kind).toBe('taken');
  });

  it('takes a mark that comes late: the message is in Slack, whoever has it now', async () => {
    const id = randomUUID();
    const late = claimOf(await crashed.claim(id));
    const held = claimOf(await patient.claim(id));
    await crashed.markTold(late);
    expect(await patient.renew(held)).toBe(false);
    expect(await patient.claim(id)).toEqual({ kind: 'told' });
  });

  it('keeps the time of the first mark', async () => {
    const id = randomUUID();
    const claim = claimOf(await patient.claim(id));
    await patient.markTold(claim);
    const before = await row(id);
    await patient.markTold(claim);
    expect(await row(id)).toEqual(before);
  });

  it('tries what was refused again when it is delivered again, and does not call that a repeat', async () => {
    const id = randomUUID();
    await patient.markRefused(claimOf(await patient.claim(id)), 'Slack answered 400 invalid_blocks');
    expect(await row(id)).toMatchObject({ state: 'REFUSED', reason: 'Slack answered 400 invalid_blocks' });
    const again = claimOf(await patient.claim(id));
    expect(again).toMatchObject({ number: 2, mayRepeat: false });
    expect(await row(id)).toMatchObject({ state: 'CLAIMED', reason: null });
  });

  it('forgets a claim that was given back, unless it was lost before', async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    await patient.release(claimOf(await patient.claim(id)), { mayBeTold: false });
    expect(claimOf(await patient.claim(id))).toMatchObject({ number: 1, mayRepeat: false });
    const lost = claimOf(await crashed.claim(other));
    await patient.claim(other);
    await crashed.release(lost, { mayBeTold: false });
    expect((await crashed.claim(other)).kind).toBe('taken');
  });

  it('keeps what a claim that was given back knew of those before it: they may have told the message', async () => {
    const id = randomUUID();
    await crashed.claim(id);
    await patient.release(claimOf(await patient.claim(id)), { mayBeTold: false });
    expect(claimOf(await patient.claim(id))).toMatchObject({ number: 3, mayRepeat: true });
  });

  it('keeps a first claim that was given back after a post without an answer: it may have told the message', async () => {
    const id = randomUUID();
    await patient.release(claimOf(await patient.claim(id)), { mayBeTold: true });
    expect(claimOf(await patient.claim(id))).toMatchObject({ number: 2, mayRepeat: true });
  });

  it('takes a late mark also after a later claim was given back', async () => {
    const id = randomUUID();
    const late = claimOf(await crashed.claim(id));
    await patient.release(claimOf(await patient.claim(id)), { mayBeTold: false });
    await crashed.markTold(late);
    expect(await patient.claim(id)).toEqual({ kind: 'told' });
  });

  it('takes a late mark of which it knows nothing any more', async () => {
    const id = randomUUID();
    const late = claimOf(await patient.claim(id));
    await client.query('delete from notifier.inbox where id = $1', [id]);
    await patient.markTold(late);
    expect(await patient.claim(id)).toEqual({ kind: 'told' });
  });

  it('gives up a renewal that is answered late: too little of the lease would be left for a post', async () => {
    // Far below the 10 s after which any other statement is given up.
    await using hasty = openInbox({ databaseUrl: url, leaseMs: 60_000, renewTimeoutMs: 2000 });
    const id = randomUUID();
    const claim = claimOf(await hasty.claim(id));
    await client.query('begin');
    try {
      await client.query('select from notifier.inbox where id = $1 for update', [id]);
      const started = performance.now();
      await expect(hasty.renew(claim)).rejects.toThrow('timeout');
      expect(performance.now() - started).toBeLessThan(9500);
    } finally {
      await client.query('rollback');
    }
    expect(await eventually(() => hasty.renew(claim), { timeoutMs: 30_000 })).toBe(true);
  });

  it('finds a connection again after the server cut all of them', async () => {
    const id = randomUUID();
    await patient.claim(id);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    expect((await eventually(() => patient.claim(id), { timeoutMs: 30_000 })).kind).toBe('taken');
  });
});
