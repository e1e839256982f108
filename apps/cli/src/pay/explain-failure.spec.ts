import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { explainFailure } from './explain-failure.ts';
import type { Attempt } from './explain-failure.ts';

const attempt: Attempt = {
  address: '127.0.0.1:1',
  tls: false,
  deed: 'order',
  requestId: 'the-id',
  reservations: ['r-1=15000KRW', 'r-1=1KRW'],
};

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
      /127\.0\.0\.1:1.*npm start.*\(No connection established\. Last error: ECONNREFUSED\)$/m,
    );
  });

  it.each([
    { code: status.UNAVAILABLE, message: 'Connection dropped' },
    { code: status.DEADLINE_EXCEEDED, message: 'Deadline exceeded' },
  ])('says how to send it again when the outcome is not known: $message', (error) => {
    expect(explainFailure(error, attempt)).toContain('--request-id the-id');
  });

  it.each([
    ['TOKEN_MISSING', 'order', '--token-file'],
    ['TOKEN_INVALID', 'order', 'get a new one'],
    ['SCOPE_MISSING', 'refund', 'payments:write'],
    ['SCOPE_MISSING', 'look', 'payments:read'],
    ['OTHER_USER', 'look', '--user'],
    ['REQUEST_ID_REUSED', 'order', 'leave --request-id out'],
    ['NOT_COMPLETED', 'refund', 'npm run pay -- get'],
    ['REFUND_DECLINED', 'refund', ': too_late'],
    ['OVERLOADED', 'order', 'in a while'],
    ['UNIMPLEMENTED', 'refund', 'older than this command'],
  ] as const)('names the remedy of %s (%s)', (reason, deed, remedy) => {
    const details = { reason, domain: 'payment.v1', metadata: { decline_code: 'too_late' } };
    const text = explainFailure(
      { code: status.INTERNAL, message: 'so it is', details },
      { ...attempt, deed },
    );
    expect(text.split('\n')[0]).toMatch(new RegExp(`^${reason}: so it is\\. .*${remedy}`));
  });

  it.each([
    ['is stored', { state: 'PENDING' }, 'goes on by itself'],
    ['was not stored', {}, 'Try again in a while'],
  ])('says of a refund that the gateway has not answered whether it %s', (_, metadata, remedy) => {
    const details = { reason: 'AUTHORIZER_UNAVAILABLE', domain: 'payment.v1', metadata };
    const error = { code: status.UNAVAILABLE, message: 'not now', details };
    expect(explainFailure(error, { ...attempt, deed: 'refund' })).toContain(remedy);
  });

  it('says of a reason that it does not know what the service says', () => {
    const details = { reason: 'constructor', domain: 'payment.v1' };
    expect(explainFailure({ code: status.ABORTED, message: 'so it is', details }, attempt)).toContain(
      'constructor: so it is\n',
    );
  });

  it('offers no request id for what changes nothing, and none for what is refused for good', () => {
    const error = { code: status.UNAVAILABLE, message: 'Connection dropped' };
    const look: Attempt = { address: '127.0.0.1:1', tls: false, deed: 'look' };
    expect(explainFailure(error, look)).not.toContain('--request-id');
    expect(explainFailure({ code: status.NOT_FOUND, message: 'none' }, attempt)).not.toContain(
      '--request-id',
    );
  });

  it('keeps what the service says away from the terminal', () => {
    const error = { code: status.NOT_FOUND, message: 'gone\u001b[2J\nOK: paid' };
    expect(explainFailure(error, attempt)).toBe('NOT_FOUND: gone\\u001b[2J\\u000aOK: paid');
  });
});
