import { detached, inTransaction } from '../database/in-transaction.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import { Payment } from '../database/payment.ts';
import type { PaymentRow } from '../database/payment.ts';
import { redoOnConflict } from '../database/redo-on-conflict.ts';
import type { GatewayAnswer } from '../gateway/gateway.ts';
import { recordOutcome } from '../record-outcome.ts';
import { storeWithinMs } from '../task/claimed-task.ts';
import type { ClaimedTask } from '../task/claimed-task.ts';
import { dueInMs } from '../task/due-in-ms.ts';
import { releaseTask } from '../task/release-task.ts';
import { takeTask } from '../task/take-task.ts';
import type { TellOutcome } from '../tell-outcome.ts';
import { chargeOutcome } from './charge-outcome.ts';
import type { ChargeOutcome } from './charge-outcome.ts';

/**
 * Stores what the payment gateway answered to a charge, in a transaction of its own: the outcome with its history line and
 * its message, once, whoever else has an answer too; or, if it is still unknown, leaves the task to recovery. It does not
 * end with the call it was asked by: an answer is worth more than its caller. Who has stored the outcome tells of it.
 * @returns the payment as it stands then
 */
export const settleCharge = async (
  { database, tell }: { database: Database; tell: TellOutcome },
  task: ClaimedTask,
  answer: GatewayAnswer,
): Promise<PaymentRow> => {
  const outcome = chargeOutcome(answer, task.claim);
  const context = detached(storeWithinMs);
  const { payment, isOurs } = await redoOnConflict(context, () =>
    inTransaction({ database, context }, async (em, now) => {
      const isOurs = outcome !== 'UNDECIDED' && (await conclude(em, task, outcome, now));
      if (outcome === 'UNDECIDED') await releaseTask(em, task, { now, dueInMs: dueInMs(task.claim) });
      return { isOurs, payment: await em.findOneOrFail(Payment, { paymentId: task.taskId }) };
    }),
  );
  if (isOurs || (payment.state === 'PENDING' && task.claim === 1)) tell.ofPayment(payment);
  return payment;
};

/** @returns whether the outcome was stored: false where somebody else had */
const conclude = async (
  em: UnitOfWork,
  { taskId, claim }: ClaimedTask,
  { ownClaimOnly, ...outcome }: ChargeOutcome,
  now: Date,
): Promise<boolean> => {
  if (!(await takeTask(em, { taskId, ...(ownClaimOnly && { claim }) }))) return false;
  const pending = { paymentId: taskId, state: 'PENDING' } as const;
  const written = await em.nativeUpdate(Payment, pending, { ...outcome, updatedAt: now });
  if (written === 0) throw new Error(`payment ${taskId} has a task and is not PENDING`);
  recordOutcome(em, await em.findOneOrFail(Payment, { paymentId: taskId }));
  return true;
};
