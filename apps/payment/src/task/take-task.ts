import { GatewayTask } from '../database/gateway-task.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import type { ClaimedTask } from './claimed-task.ts';

/**
 * Takes a task out of the table, in the unit of work that stores its outcome: whoever deletes the row writes the outcome,
 * and nobody else does. It is the first statement there: a recoverer that claims the task locks the same row, so the two
 * come one after the other, and since the task is locked before its payment everywhere, they do not deadlock.
 * @param task without `claim` whoever holds it: for an answer that is final, since everybody gets the same one
 * @returns false if there was none (of that claim) any more
 */
export const takeTask = async (
  em: UnitOfWork,
  task: Pick<ClaimedTask, 'taskId'> & Partial<ClaimedTask>,
): Promise<boolean> => (await em.nativeDelete(GatewayTask, task)) > 0;
