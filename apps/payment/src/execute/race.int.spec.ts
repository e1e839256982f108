import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FailureReason, PaymentState } from '@payments/contracts';
import { openGatewayFixture } from '../gateway.fixture.ts';
import type { GatewayFixture } from '../gateway.fixture.ts';
import { openFixture, openSessions, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const clients = Array.from({ length: 50 }, (_, number) => `u-${number}`);

/** Fewer than clients: calls wait for one, too. */
const connections = 20;

const authorizers = [
  ['the built-in authorizer', () => openFixture({ connections })],
  ['the payment gateway', () => openGatewayFixture({ connections })],
] as const;

/** What was charged, where there is a payment gateway: as often as a payment was completed. */
const expectCharges = (count: number) => {
  if ('standIn' in fixture) expect((fixture as GatewayFixture).standIn.ledger()).toHaveLength(count);
};

describe.each(authorizers)('50 clients, with %s', (_, open) => {
  it('that pay one reservation make one COMPLETED payment, 49 ALREADY_PAID, 50 history lines and 50 events', async () => {
    fixture = await open();
    await openSessions(fixture, connections);
    const replies = await Promise.all(
      clients.map((userId) => fixture.client.executePayments({ userId, reservations: [won('r-1')] })),
    );
    const found = replies.flatMap(({ payments }) =>
      payments.map(({ state, failureReason }) => `${PaymentState[state]} ${FailureReason[failureReason]}`),
    );
    expect(found.toSorted()).toEqual([
      'COMPLETED UNSPECIFIED',
      ...Array<string>(49).fill('FAILED ALREADY_PAID'),
    ]);
    expect(await fixture.counts()).toEqual({ payments: 50, history: 50, messages: 50, requests: 0 });
    expectCharges(1);
  });

  it('that send one request id make one payment, and get 50 equal answers', async () => {
    fixture = await open();
    await openSessions(fixture, connections);
    const request = { requestId: randomUUID(), userId: 'u-1', reservations: [won('r-1')] };
    const [first, ...others] = await Promise.all(clients.map(() => fixture.client.executePayments(request)));
    expect(first?.payments).toMatchObject([{ reservationId: 'r-1', state: PaymentState.COMPLETED }]);
    expect(others).toEqual(Array(49).fill(first));
    expect(await fixture.counts()).toEqual({ payments: 1, history: 1, messages: 1, requests: 1 });
    expectCharges(1);
  });
});
