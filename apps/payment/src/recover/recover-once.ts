import type { Database } from '../database/open-database.ts';
import { settleCharge } from '../execute/settle-charge.ts';
import type { Gateway, GatewayCall } from '../gateway/gateway.ts';
import { settleRefund } from '../refund/settle-refund.ts';
import { claimDueTasks } from '../task/claim-due-tasks.ts';
import type { DueTask } from '../task/claim-due-tasks.ts';
import { recoverWithinMs } from '../task/claimed-task.ts';
import { withinTask } from '../task/task-trace.ts';
import type { TellOutcome } from '../tell-outcome.ts';
import { askAgain } from './ask-again.ts';
import type { RecoveryLog } from './recovery.ts';

/** How many tasks one round takes up: all of them are at the payment gateway at a time. */
export const tasksPerRound = 8;

/** What recovery needs. */
export type RecoverOptions = {
  database: Database;
  gateway: Gateway;
  log: RecoveryLog;
  tell: TellOutcome;
  /** Hints to the relay that something was committed. */
  wake: () => void;
  stop: AbortSignal;
};

/**
 * One round: takes up what calls and other recoverers have left, asks the payment gateway again with the same keys, and
 * stores what it answers. A task of which the answer could not be stored is due again at the end of its lease.
 * @returns how many tasks it took up
 */
export const recoverOnce = async (options: RecoverOptions): Promise<number> => {
  // From before the claim: whoever hears late of it, say a process that was frozen, may hold it no longer, and then must not
  // ask by a key that the payment gateway has forgotten meanwhile.
  const bound = { signal: options.stop, deadline: Date.now() + recoverWithinMs };
  const tasks = await claimDueTasks(options.database, options.gateway, tasksPerRound);
  await Promise.all(tasks.map((task) => recover(options, task, bound)));
  return tasks.length;
};

const recover = async (options: RecoverOptions, task: DueTask, bound: GatewayCall): Promise<void> => {
  const { log, wake } = options;
  const { kind, taskId, claim, charge } = task;
  const { paymentId, reservationId } = charge;
  const fields = { kind, payment_id: paymentId, claim };
  try {
    await withinTask(task, async () => {
      const answer = await askAgain(options, task, bound);
      const settle = kind === 'CHARGE' ? settleCharge : settleRefund;
      const { state } = await settle(options, { taskId, claim, paymentId, reservationId }, answer);
      if (state === 'PENDING') log.info(fields, 'asked the payment gateway again, in vain');
      else wake();
    });
  } catch (error) {
    log.warn({ ...fields, err: error }, 'an answer of the payment gateway could not be stored');
  }
};
