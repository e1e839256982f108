import { GatewayTask } from '../database/gateway-task.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import { Payment } from '../database/payment.ts';
import type { PaymentRow } from '../database/payment.ts';
import { Refund } from '../database/refund.ts';

/** Where a refund stands. */
export type RefundResult =
  | { state: 'COMPLETED'; payment: PaymentRow }
  | { state: 'DECLINED'; declineCode: string }
  | { state: 'PENDING' };

/**
 * Reads where a refund stands; UNDER_WAY while somebody is at the payment gateway for it. Its task is read before it, so
 * that one decided in between is told as decided.
 */
export const readRefund = async (
  em: UnitOfWork,
  refundId: string,
  now: Date,
): Promise<RefundResult | 'UNDER_WAY'> => {
  const claimed = await em.count(GatewayTask, { taskId: refundId, claimedUntil: { $gt: now } });
  return claimed > 0 ? 'UNDER_WAY' : standing(em, refundId);
};

/** Reads where a refund stands, whoever is at it. */
export const standing = async (em: UnitOfWork, refundId: string): Promise<RefundResult> => {
  const { state, declineCode, payment } = await em.findOneOrFail(Refund, { refundId });
  switch (state) {
    case 'COMPLETED':
      return { state, payment: await em.findOneOrFail(Payment, { paymentId: payment.paymentId }) };
    case 'DECLINED':
      return { state, declineCode: declineCode ?? '' };
    case 'PENDING':
      return { state };
    default:
      return state satisfies never;
  }
};
