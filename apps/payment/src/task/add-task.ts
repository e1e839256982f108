import { GatewayTask } from '../database/gateway-task.ts';
import type { GatewayTaskKind } from '../database/gateway-task.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import type { PaymentRow } from '../database/payment.ts';
import { leaseMs } from './claimed-task.ts';
import { currentTraceparent } from './task-trace.ts';

/**
 * A task for the payment gateway, in the unit of work that stores the intent, claimed by the call that makes it.
 * @param options.taskId the idempotency key: the payment_id of a charge, the refund_id of a refund
 * @param options.askedOf the host of the payment gateway
 * @param options.now by the clock of the database
 */
export const addTask = (
  em: UnitOfWork,
  options: { taskId: string; kind: GatewayTaskKind; payment: PaymentRow; askedOf: string; now: Date },
): void => {
  const { now, ...task } = options;
  const leaseEnd = new Date(now.getTime() + leaseMs);
  em.create(GatewayTask, {
    ...task,
    claim: 1,
    claimedUntil: leaseEnd,
    dueAt: leaseEnd,
    createdAt: now,
    traceparent: currentTraceparent(),
  });
};
