import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tcpProxy } from '@payments/testing';
import type { TcpProxy } from '@payments/testing';
import { openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

const connections = 3;
const each = <T>(call: (number: number) => T) =>
  Array.from({ length: connections }, (_, number) => call(number));

let proxy: TcpProxy;
let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture({
    connections,
    // It bounds every statement, the ones that are answered too: a slow machine needs some seconds for those.
    answerWithinMs: 10_000,
    route: async (url) => {
      proxy = await tcpProxy({ target: new URL(url).host });
      return Object.assign(new URL(url), { host: proxy.address }).href;
    },
  });
});
afterEach(async () => {
  // The server learns of the end of frozen connections by that alone, and the database is dropped after it.
  await proxy[Symbol.asyncDispose]();
  await fixture[Symbol.asyncDispose]();
});

const pay = (reservationId: string) =>
  fixture.client.executePayments({ userId: 'u-1', reservations: [won(reservationId)] });

/** As many calls as there are connections, each in the middle of its transaction. */
const callsInFlight = async () => {
  const other = await fixture.other();
  await other.sql(
    `select outbox.append('t', 'r-' || number, 'x', ''::bytea) from generate_series(0, 2) number`,
  );
  const calls = Promise.allSettled(each((number) => pay(`r-${number}`)));
  await fixture.waiting(connections);
  return { calls, rollback: () => other.rollback() };
};

const expectEveryPlaceBack = async () => {
  const answers = await Promise.all(each((number) => pay(`new-${number}`)));
  expect(answers.map(({ payments }) => payments.length)).toEqual(each(() => 1));
};

describe('connections that go silent', () => {
  it('in the middle of transactions are ended, and give their places back', async () => {
    const { calls, rollback } = await callsInFlight();
    proxy.freeze();
    await rollback();
    const settled = await calls;
    expect(settled).toMatchObject(
      each(() => ({ status: 'rejected', reason: { details: expect.stringContaining('not available') } })),
    );
    await expectEveryPlaceBack();
  });

  it('while they are idle are ended at their next use', async () => {
    await Promise.all(each((number) => pay(`r-${number}`)));
    proxy.freeze();
    await Promise.allSettled(each((number) => pay(`lost-${number}`)));
    await expectEveryPlaceBack();
  });
});
