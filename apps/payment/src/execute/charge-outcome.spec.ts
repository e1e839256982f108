import { describe, expect, it } from '@jest/globals';
import { chargeOutcome } from './charge-outcome.ts';

describe('chargeOutcome', () => {
  it.each([1, 2, 9])(
    'lets claim %d write what the payment gateway decided, whoever holds the task',
    (claim) => {
      expect(chargeOutcome({ outcome: 'DONE' }, claim)).toEqual({
        state: 'COMPLETED',
        failureReason: null,
        declineCode: null,
        ownClaimOnly: false,
      });
      expect(chargeOutcome({ outcome: 'DECLINED', code: 'lost_card' }, claim)).toEqual({
        state: 'FAILED',
        failureReason: 'DECLINED',
        declineCode: 'lost_card',
        ownClaimOnly: false,
      });
    },
  );

  it('takes nothing asked for a failure only from the first claim, and only while that holds', () => {
    const answer = { outcome: 'NOT_ASKED', reason: 'no connection' } as const;
    expect(chargeOutcome(answer, 1)).toMatchObject({
      failureReason: 'AUTHORIZER_UNAVAILABLE',
      ownClaimOnly: true,
    });
    expect(chargeOutcome(answer, 2)).toBe('UNDECIDED');
  });

  it('decides nothing by an unknown outcome', () => {
    expect(chargeOutcome({ outcome: 'UNKNOWN', reason: 'timeout' }, 1)).toBe('UNDECIDED');
  });
});
