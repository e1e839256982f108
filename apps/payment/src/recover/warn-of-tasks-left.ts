import { GatewayTask } from '../database/gateway-task.ts';
import type { Database } from '../database/open-database.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { RecoveryLog } from './recovery.ts';

/**
 * Says so if something was asked of a payment gateway that `AUTHORIZER_URL` does not name (any more), and is undecided: it
 * stays as it is, since another gateway would do it again.
 */
export const warnOfTasksLeft = async (
  database: Database,
  gateway: Pick<Gateway, 'host'> | undefined,
  log: RecoveryLog,
): Promise<void> => {
  const ofOthers = gateway ? { askedOf: { $ne: gateway.host } } : {};
  const tasks = await database.em.fork().find(GatewayTask, ofOthers, { fields: ['askedOf'], limit: 1_000 });
  if (tasks.length === 0) return;
  log.warn(
    { tasks: tasks.length, asked_of: [...new Set(tasks.map(({ askedOf }) => askedOf))] },
    'what another payment gateway than AUTHORIZER_URL was asked is undecided: it is left as it is',
  );
};
