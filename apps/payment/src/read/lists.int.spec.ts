import { status } from '@grpc/grpc-js';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PaymentState } from '@payments/contracts';
import type { ListPaymentHistoryResponse, ListPaymentsResponse } from '@payments/contracts';
import { eventually } from '@payments/testing';
import { failure, openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  // Seven orders of three: rows of one order share their millisecond, so that pages end between such rows.
  for (let order = 0; order < 7; order += 1) {
    const reservations = [won(`r-${order}-a`), won(`r-${order}-b`), won(`r-${order}-c`, 2_000_000n)];
    await fixture.client.executePayments({ userId: order % 2 ? '홀수' : 'even', reservations });
  }
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

type List = (page: {
  pageSize: number;
  pageToken: string;
}) => Promise<ListPaymentsResponse | ListPaymentHistoryResponse>;
const idsOf = (page: ListPaymentsResponse | ListPaymentHistoryResponse) =>
  ('payments' in page ? page.payments : page.entries).map(({ reservationId }) => reservationId);

/** Reads a list page by page; `between` happens after each page. */
const readAll = async (list: List, between: () => Promise<unknown> = () => Promise.resolve()) => {
  const pages: string[][] = [];
  let pageToken = '';
  do {
    const page = await list({ pageSize: 4, pageToken });
    pages.push(idsOf(page));
    pageToken = page.nextPageToken;
    await between();
  } while (pageToken);
  return pages;
};

/** A payment and its line of history that were made at a given time. */
const insertAt = (createdAt: string, reservationId: string) =>
  fixture.sql(
    `with made as (
       insert into payment.payment (payment_id, user_id, reservation_id, amount_minor, currency, state, created_at, updated_at)
       values (gen_random_uuid(), '홀수', ?, 1, 'KRW', 'COMPLETED', ?, now()) returning *
     )
     insert into payment.payment_history
       (payment_id, user_id, reservation_id, amount_minor, currency, state, created_at)
     select payment_id, user_id, reservation_id, amount_minor, currency, state, created_at from made`,
    [reservationId, createdAt],
  );

const lists = {
  payments:
    (filters: object): List =>
    (page) =>
      fixture.client.listPayments({ ...filters, ...page }),
  history:
    (filters: object): List =>
    (page) =>
      fixture.client.listPaymentHistory({ ...filters, ...page }),
};

describe.each(Object.entries(lists))('the list of %s', (_, list) => {
  it('gives every row once, the newest first, whatever the pages', async () => {
    const pages = await readAll(list({ userId: '홀수' }));
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 1]);
    const ids = pages.flat();
    expect(new Set(ids).size).toBe(9);
    expect(ids.map((id) => id.split('-')[1])).toEqual(['5', '5', '5', '3', '3', '3', '1', '1', '1']);
    const whole = await list({ userId: '홀수' })({ pageSize: 100, pageToken: '' });
    expect(idsOf(whole)).toEqual(ids);
    expect(whole.nextPageToken).toBe('');
  });

  it('stays as it was for a reader of pages while others pay', async () => {
    const before = (await readAll(list({ state: PaymentState.FAILED }))).flat();
    let count = 0;
    const pay = () =>
      fixture.client.executePayments({
        userId: 'u',
        reservations: [won(`${list.name}-new-${(count += 1)}`, 9_000_000n)],
      });
    const during = (await readAll(list({ state: PaymentState.FAILED }), pay)).flat();
    expect(during).toEqual(before);
    expect((await readAll(list({ state: PaymentState.FAILED }))).flat()).toHaveLength(before.length + count);
  });

  it('gives all that was there once, while rows come in at the very millisecond where a page ends', async () => {
    const before = (await readAll(list({ userId: '홀수' }))).flat();
    let added = 0;
    const during = (
      await readAll(list({ userId: '홀수' }), async () => {
        for (const { createdAt } of await fixture.sql<{ createdAt: string }>(
          `select distinct created_at as "createdAt" from payment.payment where user_id = '홀수' and reservation_id like 'r-%'`,
        ))
          await insertAt(createdAt, `${list.name}-same-${(added += 1)}`);
      })
    ).flat();
    expect(during.filter((id) => before.includes(id))).toEqual(before);
    expect(new Set(during).size).toBe(during.length);
    // Some came in before the place of the reader, some after it.
    expect(during.length).toBeGreaterThan(before.length);
    await fixture.sql(`delete from payment.payment_history where reservation_id like '%-same-%'`);
    await fixture.sql(`delete from payment.payment where reservation_id like '%-same-%'`);
  });

  it('gives all that was there once, while others pay all the time', async () => {
    const before = (await readAll(list({}))).flat();
    let done = false;
    let paid = 0;
    const payers = ['a', 'b', 'c'].map(async (payer) => {
      for (let count = 0; !done; count += 1) {
        const reservations = [won(`${list.name}-${payer}-${count}`), won(`${list.name}-${payer}-${count}-2`)];
        await fixture.client.executePayments({ userId: 'u', reservations });
        paid += 2;
      }
    });
    // A page is not asked for before somebody has paid since the last one.
    const next = () => {
      const last = paid;
      return eventually(() => expect(paid).toBeGreaterThan(last));
    };
    let during: string[];
    try {
      during = (await readAll(list({}), next)).flat();
    } finally {
      done = true;
      await Promise.all(payers);
    }
    expect(during.slice(-before.length)).toEqual(before);
    expect(new Set(during).size).toBe(during.length);
  });

  it('takes the first and the last time that a timestamp can be', async () => {
    const filters = {
      createTimeFrom: { seconds: -62_135_596_800n, nanos: 0 },
      createTimeUntil: { seconds: 253_402_300_799n, nanos: 999_999_999 },
    };
    const all = await list({})({ pageSize: 1_000, pageToken: '' });
    expect(idsOf(await list(filters)({ pageSize: 1_000, pageToken: '' }))).toEqual(idsOf(all));
    const none = { ...filters, createTimeFrom: filters.createTimeUntil };
    expect(await readAll(list(none))).toEqual([[]]);
  });

  it('joins its filters', async () => {
    const filters = { userId: 'even', reservationId: 'r-2-c', state: PaymentState.FAILED };
    expect(await readAll(list(filters))).toEqual([['r-2-c']]);
    expect(await readAll(list({ ...filters, userId: '홀수' }))).toEqual([[]]);
  });

  it('takes a time from and a time until, the latter not included', async () => {
    const { payments } = await fixture.client.listPayments({ reservationId: 'r-3-a' });
    const at = payments[0]?.createTime;
    const { payments: next } = await fixture.client.listPayments({ reservationId: 'r-4-a' });
    const until = next[0]?.createTime;
    if (!at || !until || timestampMs(at) >= timestampMs(until))
      throw new Error('the orders have no times of their own');
    const ids = (await readAll(list({ createTimeFrom: at, createTimeUntil: until }))).flat();
    expect(ids.toSorted()).toEqual(['r-3-a', 'r-3-b', 'r-3-c']);
  });

  it('refuses a token of a list with other filters, and what is no token', async () => {
    const { nextPageToken } = await list({ userId: 'even' })({ pageSize: 1, pageToken: '' });
    for (const pageToken of [nextPageToken, 'x']) {
      expect(await failure(list({ userId: '홀수' })({ pageSize: 1, pageToken }))).toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: { violations: [{ field: 'page_token' }] },
      });
    }
  });
});

describe('a token of one list', () => {
  it('is refused by the other', async () => {
    const { nextPageToken: pageToken } = await fixture.client.listPayments({ pageSize: 1 });
    expect(await failure(fixture.client.listPaymentHistory({ pageToken }))).toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });
});
