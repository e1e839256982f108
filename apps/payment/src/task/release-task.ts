import { GatewayTask } from '../database/gateway-task.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import type { ClaimedTask } from './claimed-task.ts';

/** Leaves a task to whoever takes it up next, `dueInMs` from now. Does nothing if another one has it already. */
export const releaseTask = async (
  em: UnitOfWork,
  { taskId, claim }: ClaimedTask,
  { now, dueInMs }: { now: Date; dueInMs: number },
): Promise<void> => {
  const dueAt = new Date(now.getTime() + dueInMs);
  await em.nativeUpdate(GatewayTask, { taskId, claim }, { claimedUntil: now, dueAt });
};
