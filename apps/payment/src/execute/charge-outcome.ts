import type { Failure, State } from '../database/payment.ts';
import type { GatewayAnswer } from '../gateway/gateway.ts';

/** What an answer of the payment gateway makes of a payment that is PENDING. */
export type ChargeOutcome = {
  state: Extract<State, 'COMPLETED' | 'FAILED'>;
  failureReason: Failure | null;
  declineCode: string | null;
  /** Whether only the claim that got the answer may write it. */
  ownClaimOnly: boolean;
};

/**
 * What an answer to a charge says of its payment; UNDECIDED leaves it PENDING.
 *
 * A final answer is the same for everybody who asks with the key: whoever has it may write it. That nothing was asked is
 * known of one's own requests alone. So it decides only for the call that made the payment, which nobody has asked for
 * before, and only while nobody else has taken it up. A process that was frozen meanwhile must not say that nothing was
 * charged while a recoverer charges; and a recoverer never knows what came of the requests before its own.
 */
export const chargeOutcome = (answer: GatewayAnswer, claim: number): ChargeOutcome | 'UNDECIDED' => {
  switch (answer.outcome) {
    case 'DONE':
      return { state: 'COMPLETED', failureReason: null, declineCode: null, ownClaimOnly: false };
    case 'DECLINED':
      return {
        state: 'FAILED',
        failureReason: 'DECLINED',
        declineCode: answer.code,
        ownClaimOnly: false,
      };
    case 'NOT_ASKED':
      return claim === 1
        ? { state: 'FAILED', failureReason: 'AUTHORIZER_UNAVAILABLE', declineCode: null, ownClaimOnly: true }
        : 'UNDECIDED';
    case 'UNKNOWN':
      return 'UNDECIDED';
    default:
      return answer satisfies never;
  }
};
