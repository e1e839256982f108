import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { explainFailure } from './explain-failure.ts';

const attempt = { address: '127.0.0.1:1', requestId: 'the-id', reservations: ['r-1=15000KRW', 'r-1=1KRW'] };

describe('explainFailure', () => {
  it('shows every bad field with what was typed there', () => {
    const violations = [
      { field: 'user_id', description: 'is empty: give an id', reason: 'REQUIRED' },
      { field: 'reservations[1].amount.nanos', description: 'too many', reason: 'TOO_MANY_DECIMALS' },
      { field: 'reservations[0].reservation_id', description: '', reason: 'DUPLICATE' },
    ];
    const details = { reason: 'INVALID_REQUEST', domain: 'payment.v1', violations };
    expect(
      explainFailure({ code: status.INVALID_ARGUMENT, message: 'refused for its user_id', details }, attempt),
    ).toBe(
      [
        'INVALID_REQUEST: the request is refused, and nothing was paid',
        '  user_id is empty: give an id',
        '  reservations[1].amount.nanos (r-1=1KRW) too many',
        '  reservations[0].reservation_id (r-1=15000KRW) DUPLICATE',
      ].join('\n'),
    );
  });

  it('names npm start when nobody is there', () => {
    const error = {
      code: status.UNAVAILABLE,
      message: 'No connection established. Last error: ECONNREFUSED. Resolution note: ',
    };
    expect(explainFailure(error, attempt)).toMatch(
      /127\.0\.0\.1:1.*npm start.*\(No connection established\. Last error: ECONNREFUSED\)$/,
    );
  });

  it.each([
    { code: status.UNAVAILABLE, message: 'Connection dropped' },
    { code: status.DEADLINE_EXCEEDED, message: 'Deadline exceeded' },
  ])('says how to send it again when the outcome is not known: $message', (error) => {
    expect(explainFailure(error, attempt)).toContain('--request-id the-id');
  });
});
