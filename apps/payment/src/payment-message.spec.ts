import { fromBinary } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { FailureReason, PaymentEventSchema, PaymentState } from '@payments/contracts';
import type { PaymentRow } from './database/payment.ts';
import { paymentMessage } from './payment-message.ts';

const at = new Date('2026-03-01T09:00:00.123Z');
const row = (rest: Partial<PaymentRow>) =>
  ({
    paymentId: '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
    userId: '사용자-1',
    reservationId: '예약-1',
    amountMinor: 1_250n,
    currency: 'USD',
    state: 'COMPLETED',
    failureReason: null,
    declineCode: null,
    createdAt: at,
    updatedAt: at,
    ...rest,
  }) as PaymentRow;

describe('paymentMessage', () => {
  it('is keyed by the reservation, so that its outcomes keep their order', () => {
    expect(paymentMessage(row({}))).toMatchObject({
      topic: 'payment-event',
      key: '예약-1',
      type: 'payment.v1.PaymentCompleted',
      headers: {
        ce_source: '/payments/payment',
        ce_subject: '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
        'content-type': 'application/protobuf',
      },
    });
  });

  it('carries the payment, and its own id within', () => {
    const { id, payload } = paymentMessage(row({}));
    const event = fromBinary(PaymentEventSchema, payload);
    expect(event.eventId).toBe(id);
    expect(event.occurTime && timestampDate(event.occurTime)).toEqual(at);
    expect(event.payment).toMatchObject({
      userId: '사용자-1',
      reservationId: '예약-1',
      amount: { currencyCode: 'USD', units: 12n, nanos: 500_000_000 },
      state: PaymentState.COMPLETED,
      failureReason: FailureReason.UNSPECIFIED,
      declineCode: '',
    });
  });

  it('tells a failure with its reason', () => {
    const { type, payload } = paymentMessage(row({ state: 'FAILED', failureReason: 'ALREADY_PAID' }));
    expect(type).toBe('payment.v1.PaymentFailed');
    expect(fromBinary(PaymentEventSchema, payload).payment?.failureReason).toBe(FailureReason.ALREADY_PAID);
  });

  it('gives every event an id of its own', () => {
    expect(paymentMessage(row({})).id).not.toBe(paymentMessage(row({})).id);
  });
});
