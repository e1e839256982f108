import { createHash, randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExecutePaymentsResponseSchema, PaymentState } from '@payments/contracts';
import { openGatewayFixture } from '../gateway.fixture.ts';
import type { GatewayFixture } from '../gateway.fixture.ts';
import { failure, won } from '../payment.fixture.ts';

let fixture: GatewayFixture;
beforeEach(async () => (fixture = await openGatewayFixture()));
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const order = () => ({ requestId: randomUUID(), userId: 'u-1', reservations: [won('r-1'), won('r-2')] });

const states = ({ payments }: { payments: readonly { state: PaymentState }[] }) =>
  payments.map(({ state }) => PaymentState[state]);

describe('a request id, while the first call is at the payment gateway', () => {
  it('is waited for, on no connection, and answered like the first', async () => {
    const held = fixture.standIn.hold({ on: 'POST /charges', reservationId: 'r-2', at: 'before' });
    const request = order();
    const first = fixture.client.executePayments(request);
    await held.reached;
    const second = fixture.client.executePayments(request);
    await fixture.idle();
    held.release();
    expect(await second).toEqual(await first);
    expect(states(await first)).toEqual(['COMPLETED', 'COMPLETED']);
    expect(fixture.standIn.ledger()).toHaveLength(2);
  });

  it('ends with ABORTED and RetryInfo when the time for waiting is over', async () => {
    const held = fixture.standIn.hold({ on: 'POST /charges', reservationId: 'r-2', at: 'before' });
    const request = order();
    const first = fixture.client.executePayments(request);
    await held.reached;
    expect(await failure(fixture.client.executePayments(request, { timeoutMs: 12_000 }))).toMatchObject({
      code: status.ABORTED,
      details: { reason: 'REQUEST_IN_PROGRESS', retryDelayMs: 500 },
    });
    held.release();
    expect(await fixture.client.executePayments(request)).toEqual(await first);
  });

  it('is refused for another order at once', async () => {
    const held = fixture.standIn.hold({ on: 'POST /charges', reservationId: 'r-2', at: 'before' });
    const request = order();
    const first = fixture.client.executePayments(request);
    await held.reached;
    expect(await failure(fixture.client.executePayments({ ...request, userId: 'u-2' }))).toMatchObject({
      code: status.ALREADY_EXISTS,
    });
    held.release();
    await first;
  });
});

describe('a request id of payments that are not decided', () => {
  it('is answered with PENDING while nobody is at it, and with the final answer later', async () => {
    fixture.standIn.behave({
      on: 'POST /charges',
      reservationId: 'r-2',
      times: 100,
      then: { status: 500, at: 'after' },
    });
    const request = order();
    const first = await fixture.client.executePayments(request);
    expect(states(first)).toEqual(['COMPLETED', 'PENDING']);
    expect(await fixture.client.executePayments(request)).toEqual(first);
    fixture.standIn.recover();
    await fixture.recover();
    const final = await fixture.client.executePayments(request);
    expect(states(final)).toEqual(['COMPLETED', 'COMPLETED']);
    expect(final.payments[0]).toEqual(first.payments[0]);
    expect(fixture.standIn.ledger()).toHaveLength(2);
  });

  it('waits for a recoverer that is at the payment gateway', async () => {
    fixture.standIn.behave({ on: 'POST /charges', times: 100, then: { status: 500, at: 'after' } });
    const request = order();
    await fixture.client.executePayments(request);
    fixture.standIn.recover();
    const held = fixture.standIn.hold({ on: 'GET /charges', reservationId: 'r-2', at: 'after' });
    const recovery = fixture.recover();
    await held.reached;
    const waiting = fixture.client.executePayments(request);
    await fixture.idle();
    held.release();
    await recovery;
    expect(states(await waiting)).toEqual(['COMPLETED', 'COMPLETED']);
  });
});

describe('a request id of long ago', () => {
  it('still gives the first answer after its payment was refunded', async () => {
    const request = order();
    const first = await fixture.client.executePayments(request);
    await fixture.client.refundPayment({ paymentId: first.payments[0]?.paymentId ?? '' });
    const { payments } = await fixture.client.listPayments({ state: PaymentState.REFUNDED });
    expect(payments).toHaveLength(1);
    expect(await fixture.client.executePayments(request)).toEqual(first);
  });

  it('gives the reply whose bytes an earlier version stored', async () => {
    const { requestId, userId } = order();
    const reply = create(ExecutePaymentsResponseSchema, {
      payments: [{ paymentId: randomUUID(), userId, reservationId: 'r-1' }],
    });
    const hash = createHash('sha256').update(JSON.stringify(['u-1', [['r-1', '1000', 'KRW']]]));
    await fixture.sql(
      `insert into payment.request (caller, method, request_id, request_hash, reply, created_at)
       values ('anonymous', 'ExecutePayments', ?, ?, ?, now())`,
      [requestId, hash.digest(), Buffer.from(toBinary(ExecutePaymentsResponseSchema, reply))],
    );
    const again = { requestId, userId, reservations: [won('r-1')] };
    expect(await fixture.client.executePayments(again)).toEqual(reply);
  });
});
