import { GatewayTask } from '../database/gateway-task.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import { PaymentHistory } from '../database/payment-history.ts';
import { Payment } from '../database/payment.ts';
import type { PaymentRow } from '../database/payment.ts';

/**
 * Payments as they first came to be decided, in the order of `made`: one that was refunded since is told as the COMPLETED
 * it was. UNDER_WAY while somebody is at the payment gateway for one of them. One that nobody is at is PENDING.
 *
 * Tasks are read before payments: a payment that is decided in between is then told as decided.
 */
export const readFirstAnswer = async (
  em: UnitOfWork,
  made: readonly string[],
  now: Date,
): Promise<PaymentRow[] | 'UNDER_WAY'> => {
  const ids = [...made];
  const claimed = { payment: { $in: ids }, kind: 'CHARGE', claimedUntil: { $gt: now } } as const;
  if ((await em.count(GatewayTask, claimed)) > 0) return 'UNDER_WAY';
  const rows = await em.find(Payment, { paymentId: { $in: ids } }, { disableIdentityMap: true });
  const completedAt = await findCompletions(em, rows);
  const byId = new Map(rows.map((row) => [row.paymentId, asFirstDecided(row, completedAt)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
};

const findCompletions = async (
  em: UnitOfWork,
  rows: readonly PaymentRow[],
): Promise<ReadonlyMap<string, Date>> => {
  const refunded = rows.filter(({ state }) => state === 'REFUNDED').map(({ paymentId }) => paymentId);
  if (refunded.length === 0) return new Map();
  const lines = await em.find(
    PaymentHistory,
    { payment: { $in: refunded }, state: 'COMPLETED' },
    { disableIdentityMap: true },
  );
  return new Map(lines.map(({ payment, createdAt }) => [payment.paymentId, createdAt]));
};

const asFirstDecided = (row: PaymentRow, completedAt: ReadonlyMap<string, Date>): PaymentRow => {
  if (row.state !== 'REFUNDED') return row;
  return { ...row, state: 'COMPLETED', updatedAt: completedAt.get(row.paymentId) ?? row.updatedAt };
};
