import { detached, inTransaction } from '../database/in-transaction.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import { Payment } from '../database/payment.ts';
import { redoOnConflict } from '../database/redo-on-conflict.ts';
import { Refund } from '../database/refund.ts';
import type { GatewayAnswer } from '../gateway/gateway.ts';
import { recordOutcome } from '../record-outcome.ts';
import { storeWithinMs } from '../task/claimed-task.ts';
import type { ClaimedTask } from '../task/claimed-task.ts';
import { dueInMs } from '../task/due-in-ms.ts';
import { releaseTask } from '../task/release-task.ts';
import { takeTask } from '../task/take-task.ts';
import type { TellOutcome, Told } from '../tell-outcome.ts';
import { standing } from './read-refund.ts';
import type { RefundResult } from './read-refund.ts';

/**
 * Stores what the payment gateway answered to a refund, in a transaction of its own. DONE: the refund and its payment, with
 * history line and message. DECLINED: the refund; the payment stays COMPLETED. Else the task is left to recovery, also where
 * nothing was asked: the caller is told that the refund goes on. Who has stored the outcome tells of it.
 * @returns where the refund stands then
 */
export const settleRefund = async (
  { database, tell }: { database: Database; tell: TellOutcome },
  { paymentId, reservationId, ...task }: ClaimedTask & Told,
  answer: GatewayAnswer,
): Promise<RefundResult> => {
  const context = detached(storeWithinMs);
  const { result, isOurs } = await redoOnConflict(context, () =>
    inTransaction({ database, context }, async (em, now) => {
      const isOurs = await settle(em, task, answer, now);
      return { isOurs, result: await standing(em, task.taskId) };
    }),
  );
  const isToTell = isOurs || (result.state === 'PENDING' && task.claim === 1);
  if (isToTell && result.state === 'COMPLETED') tell.ofPayment(result.payment);
  if (isToTell && result.state !== 'COMPLETED') tell.ofRefund({ paymentId, reservationId }, result.state);
  return result;
};

/** @returns whether the outcome was stored: false where somebody else had, and where it is unknown */
const settle = async (
  em: UnitOfWork,
  task: ClaimedTask,
  answer: GatewayAnswer,
  now: Date,
): Promise<boolean> => {
  const { taskId } = task;
  switch (answer.outcome) {
    case 'DONE':
      if (!(await takeTask(em, { taskId }))) return false;
      await complete(em, taskId, now);
      return true;
    case 'DECLINED':
      if (!(await takeTask(em, { taskId }))) return false;
      await decline(em, taskId, answer.code, now);
      return true;
    case 'NOT_ASKED':
    case 'UNKNOWN':
      await releaseTask(em, task, { now, dueInMs: dueInMs(task.claim) });
      return false;
    default:
      return answer satisfies never;
  }
};

const decline = async (em: UnitOfWork, refundId: string, code: string, now: Date): Promise<void> => {
  await em.nativeUpdate(
    Refund,
    { refundId, state: 'PENDING' },
    { state: 'DECLINED', declineCode: code, updatedAt: now },
  );
};

const complete = async (em: UnitOfWork, refundId: string, now: Date): Promise<void> => {
  const pending = { refundId, state: 'PENDING' } as const;
  await em.nativeUpdate(Refund, pending, { state: 'COMPLETED', updatedAt: now });
  const { payment } = await em.findOneOrFail(Refund, { refundId });
  const completed = { paymentId: payment.paymentId, state: 'COMPLETED' } as const;
  const written = await em.nativeUpdate(Payment, completed, { state: 'REFUNDED', updatedAt: now });
  if (written === 0) throw new Error(`refund ${refundId} has a task and its payment is not COMPLETED`);
  recordOutcome(em, await em.findOneOrFail(Payment, { paymentId: payment.paymentId }));
};
