import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { PaymentError } from '../call/payment-error.ts';
import { anonymous } from '../call/caller.ts';
import { paymentErrorOf } from './payment-error-of.ts';

const context = { caller: anonymous, signal: new AbortController().signal, deadline: Date.now() + 60_000 };
const databaseError = (code: string) => Object.assign(new Error('secret host and SQL'), { code });

describe('paymentErrorOf', () => {
  it.each([
    ['23505', status.ABORTED, 'CONTENTION'],
    ['55P03', status.ABORTED, 'CONTENTION'],
    ['25P04', status.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED'],
    ['ECONNREFUSED', status.UNAVAILABLE, 'DATABASE_UNAVAILABLE'],
    ['42P01', status.INTERNAL, 'INTERNAL'],
  ])('tells %s as status %d, reason %s, and nothing of its text', (code, expected, reason) => {
    const error = paymentErrorOf(databaseError(code), context);
    expect(error).toMatchObject({ code: expected, details: { reason, domain: 'payment.v1' } });
    expect(JSON.stringify([error.message, error.details])).not.toContain('secret');
  });

  it('says when to come back where that helps', () => {
    expect(paymentErrorOf(databaseError('40P01'), context).details.retryDelayMs).toBeGreaterThan(0);
    expect(paymentErrorOf(databaseError('57P01'), context).details.retryDelayMs).toBeGreaterThan(0);
  });

  it('leaves our own errors as they are', () => {
    const error = new PaymentError('PAYMENT_NOT_FOUND', 'x');
    expect(paymentErrorOf(error, context)).toBe(error);
  });

  it('blames the deadline for whatever came after it', () => {
    const error = paymentErrorOf(databaseError('ECONNRESET'), { ...context, deadline: Date.now() - 1 });
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  });

  it('tells a call that was cancelled from a fault of ours', () => {
    const error = paymentErrorOf(new DOMException('aborted', 'AbortError'), {
      ...context,
      signal: AbortSignal.abort(),
    });
    expect(error.code).toBe(status.CANCELLED);
  });
});
