import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import {
  ExecutePaymentsRequestSchema,
  GetPaymentRequestSchema,
  PaymentService,
  RefundPaymentRequestSchema,
} from '@payments/contracts';
import { checkRequest, validateRequest } from './validate-request.ts';

const paymentId = '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f';
const nil = '00000000-0000-0000-0000-000000000000';
const requests = PaymentService.methods.map(({ input }) => input);

const refundFaults = (init: object) =>
  checkRequest(RefundPaymentRequestSchema, create(RefundPaymentRequestSchema, init)).map(
    ({ field, reason }) => `${field} ${reason}`,
  );

describe('checkRequest', () => {
  it.each(requests)('finds rules that can be carried out in $name', (schema) => {
    // An empty request is bad or good; a broken rule would throw.
    for (const { reason } of checkRequest(schema, create(schema))) expect(reason).toBe('REQUIRED');
  });

  it('wants a refund to name a payment, and takes a request id or none', () => {
    expect(refundFaults({ paymentId })).toEqual([]);
    expect(refundFaults({ paymentId: paymentId.toUpperCase(), requestId: paymentId })).toEqual([]);
    expect(refundFaults({})).toEqual(['payment_id REQUIRED']);
    expect(refundFaults({ paymentId: nil, requestId: nil })).toEqual([
      'request_id NOT_A_UUID',
      'payment_id NOT_A_UUID',
    ]);
    expect(refundFaults({ paymentId: `${paymentId}\n`, requestId: 'x' })).toEqual([
      'request_id NOT_A_UUID',
      'payment_id NOT_A_UUID',
    ]);
  });

  it('spells the path of a field as the proto file does, and says how to mend it', () => {
    const request = create(ExecutePaymentsRequestSchema, {
      userId: 'u'.repeat(201),
      reservations: [{ reservationId: 'r', amount: { units: 1n } }, { reservationId: '\u0085' }],
    });
    expect(checkRequest(ExecutePaymentsRequestSchema, request)).toEqual([
      { field: 'user_id', reason: 'TOO_LONG', description: 'must be at most 200 characters' },
      {
        field: 'reservations[1].reservation_id',
        reason: 'CONTROL_CHARACTER',
        description: 'holds a control character: leave it out',
      },
      {
        field: 'reservations[1].amount',
        reason: 'REQUIRED',
        description: 'is missing or empty: give it',
      },
    ]);
  });
});

describe('validateRequest', () => {
  it('throws with every violation', () => {
    const bad = create(GetPaymentRequestSchema, { paymentId: 'x' });
    expect(() => validateRequest(GetPaymentRequestSchema, bad)).toThrow('payment_id');
    expect(() =>
      validateRequest(GetPaymentRequestSchema, create(GetPaymentRequestSchema, { paymentId })),
    ).not.toThrow();
  });
});
