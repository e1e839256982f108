import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { PaymentError, paymentErrorReasons } from './payment-error.ts';

/** What a caller may send again as it is: nothing was wrong with it. */
const passing = [status.UNAVAILABLE, status.ABORTED, status.RESOURCE_EXHAUSTED];

describe('a payment error', () => {
  it.each(paymentErrorReasons)('of %s says when to come back exactly if that helps', (reason) => {
    const { code, details } = new PaymentError(reason, 'x');
    expect(details).toMatchObject({ reason, domain: 'payment.v1' });
    const helps = passing.includes(code) && reason !== 'TOO_LARGE';
    expect(details.retryDelayMs !== undefined).toBe(helps);
  });

  it('comes back as late as it is told', () => {
    expect(new PaymentError('CONTENTION', 'x', { retryDelayMs: 7 }).details.retryDelayMs).toBe(7);
  });
});
