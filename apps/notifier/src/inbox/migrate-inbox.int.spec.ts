import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrateSchema } from '@payments/runtime';
import { throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { advisoryLockClass } from './advisory-locks.ts';
import { migrateInbox } from './migrate-inbox.ts';
import { openInbox } from './open-inbox.ts';
import { openPool } from './open-pool.ts';

let stack: AsyncDisposableStack;
let url: string;
let client: pg.Client;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  ({ url } = stack.use(await throwAwayDatabase()));
  await migrateSchema({
    databaseUrl: url,
    schema: 'notifier',
    lockClass: advisoryLockClass.migration,
    folder: new URL('migrations/', import.meta.url),
    migrations: ['0001-inbox.sql'],
  });
  client = new pg.Client({ connectionString: url });
  await client.connect();
  stack.defer(() => client.end());
});
afterEach(() => stack.disposeAsync());

/** A row as the version before left it. */
const before = async (columns: string, values: string) => {
  const id = randomUUID();
  await client.query(`insert into notifier.inbox (id, ${columns}) values ('${id}', ${values})`);
  return id;
};
const claimedBy = (owner: string, leaseUntil: string) =>
  before('state, owner, claims, lease_until', `'CLAIMED', '${owner}', 3, ${leaseUntil}`);

describe('an inbox from before there were channels', () => {
  it('keeps its word, in the channel of SLACK_WEBHOOK_URL', async () => {
    const told = await before('state, told_at', `'TOLD', now()`);
    const refused = await before('state, reason', `'REFUSED', 'no text'`);
    const over = await claimedBy('crashed', `now()`);
    const claimed = await claimedBy('alive', `now() + interval '1 hour'`);
    await migrateInbox({ databaseUrl: url });
    const pool = stack.use(openPool(url));
    const inboxOf = (channel: string) =>
      openInbox({ pool, channel, leaseMs: 60_000, beginTimeoutMs: 10_000 });
    const claims = await inboxOf('default').claim([told, refused, over, claimed]);
    expect(claims.get(told)).toEqual({ kind: 'told' });
    expect(claims.get(refused)).toEqual({ kind: 'claimed', earlierPost: undefined });
    const post = expect.stringMatching(/^[\da-f-]{36}$/) as unknown as string;
    expect(claims.get(over)).toEqual({ kind: 'claimed', earlierPost: { id: post, size: 1 } });
    expect(claims.get(claimed)).toMatchObject({ kind: 'taken' });
    const elsewhere = await inboxOf('large').claim([told]);
    expect(elsewhere.get(told)).toEqual({ kind: 'claimed', earlierPost: undefined });
  });

  it('lets a notifier of that version post nothing more, which it could not mark', async () => {
    const claimed = await claimedBy('alive', `now() + interval '1 hour'`);
    await migrateInbox({ databaseUrl: url });
    // What it asks just before a post.
    const renewal = await client.query(
      `update notifier.inbox set lease_until = now() + interval '15 s'
       where id = $1 and state = 'CLAIMED' and owner = 'alive' and claims = 3`,
      [claimed],
    );
    expect(renewal.rowCount).toBe(0);
  });
});
