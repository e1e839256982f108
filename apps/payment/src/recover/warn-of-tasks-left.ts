import { GatewayTask } from '../database/gateway-task.ts';
import type { Database } from '../database/open-database.ts';
import type { RecoveryLog } from './recovery.ts';

/** Says so if the payment gateway is not configured, but was asked for things whose outcome is not known: they stay as they are. */
export const warnOfTasksLeft = async (database: Database, log: RecoveryLog): Promise<void> => {
  const tasks = await database.em.fork().count(GatewayTask);
  if (tasks === 0) return;
  log.warn(
    { tasks },
    'what the payment gateway was asked is undecided, and AUTHORIZER_URL is not set: it is left as it is',
  );
};
