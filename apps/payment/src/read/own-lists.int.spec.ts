import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ListPaymentHistoryRequestSchema, ListPaymentsRequestSchema } from '@payments/contracts';
import { openDatabase } from '../database/open-database.ts';
import type { Database } from '../database/open-database.ts';
import { failure, openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';
import { anonymous } from '../call/caller.ts';
import type { Caller } from '../call/caller.ts';
import { listPaymentHistory } from './list-payment-history.ts';
import { listPayments } from './list-payments.ts';
import { keepPageTokenKey } from './page-token-key.ts';

let fixture: Fixture;
let another: Database;
beforeAll(async () => {
  fixture = await openFixture();
  // What another instance has, or the same one after a restart: its own pool, and a key that it has not read yet.
  another = openDatabase({ databaseUrl: fixture.url, connections: 2 });
  for (const userId of ['u-1', 'u-2']) {
    const reservations = [1, 2, 3].map((number) => won(`${userId}-${number}`));
    await fixture.client.executePayments({ userId, reservations });
  }
});
afterAll(async () => {
  await another.close();
  await fixture[Symbol.asyncDispose]();
});

type Ask = { userId?: string; pageSize?: number; pageToken?: string };
const contextOf = (caller: Caller) => ({
  caller,
  signal: new AbortController().signal,
  deadline: Date.now() + 30_000,
});
const instance = () => ({ database: another, pageTokenKey: keepPageTokenKey() });
const lists = {
  payments: async (caller: Caller, ask: Ask) => {
    const asked = create(ListPaymentsRequestSchema, ask);
    const { payments, nextPageToken } = await listPayments(instance(), asked, contextOf(caller));
    return { rows: payments, nextPageToken };
  },
  history: async (caller: Caller, ask: Ask) => {
    const asked = create(ListPaymentHistoryRequestSchema, ask);
    const { entries, nextPageToken } = await listPaymentHistory(instance(), asked, contextOf(caller));
    return { rows: entries, nextPageToken };
  },
};
const user = (subject: string): Caller => ({ subject, admin: false });
const usersOf = ({ rows }: { rows: { userId: string }[] }) => rows.map(({ userId }) => userId);
const badPageToken = expect.objectContaining({
  code: status.INVALID_ARGUMENT,
  details: expect.objectContaining({ violations: [expect.objectContaining({ reason: 'BAD_PAGE_TOKEN' })] }),
});

describe.each(Object.entries(lists))('the list of %s', (name, list) => {
  it('gives a caller its own rows alone, whether it names itself or nobody', async () => {
    expect(usersOf(await list(user('u-1'), {}))).toEqual(['u-1', 'u-1', 'u-1']);
    expect(usersOf(await list(user('u-1'), { userId: 'u-1' }))).toEqual(['u-1', 'u-1', 'u-1']);
    expect(usersOf(await list(user('nobody'), {}))).toEqual([]);
  });

  it('refuses another user, also one that there is not', async () => {
    for (const userId of ['u-2', 'none'])
      await expect(list(user('u-1'), { userId })).rejects.toMatchObject({
        code: status.PERMISSION_DENIED,
        details: { reason: 'OTHER_USER' },
      });
  });

  it('gives an administrator everybody, or whom it names', async () => {
    const admin = { subject: 'boss', admin: true };
    expect(new Set(usersOf(await list(admin, {})))).toEqual(new Set(['u-1', 'u-2']));
    expect(usersOf(await list(admin, { userId: 'u-2' }))).toEqual(['u-2', 'u-2', 'u-2']);
  });

  it('takes its token again, from the same caller, on an instance that did not give it', async () => {
    const first = await list(user('u-1'), { pageSize: 2 });
    const second = await list(user('u-1'), { pageSize: 2, pageToken: first.nextPageToken });
    expect(new Set([...first.rows, ...second.rows].map(({ reservationId }) => reservationId)).size).toBe(3);
    expect(second.nextPageToken).toBe('');
  });

  it('refuses the token of another caller, though the filters are the same', async () => {
    const { nextPageToken: pageToken } = await list(
      { subject: 'boss', admin: true },
      { userId: 'u-1', pageSize: 1 },
    );
    await expect(list(user('u-1'), { userId: 'u-1', pageToken })).rejects.toEqual(badPageToken);
  });

  it('refuses a token of another system', async () => {
    // A copied database has the copied key.
    await using other = await openFixture({ migratedAnew: true });
    const reservations = [won(randomUUID()), won(randomUUID())];
    await other.client.executePayments({ userId: 'u-1', reservations });
    const page = { pageSize: 1 };
    const { nextPageToken: pageToken } = await (name === 'payments'
      ? other.client.listPayments(page)
      : other.client.listPaymentHistory(page));
    expect(pageToken).not.toBe('');
    await expect(list(anonymous, { pageToken })).rejects.toEqual(badPageToken);
  });
});

describe('a list over the wire', () => {
  it('names every bad field', async () => {
    const error = await failure(fixture.client.listPayments({ userId: '\n', pageSize: -1 }));
    expect(error.details?.violations).toMatchObject([
      { field: 'user_id', reason: 'CONTROL_CHARACTER' },
      { field: 'page_size', reason: 'NEGATIVE' },
    ]);
  });
});
