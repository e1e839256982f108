import { metrics } from '@opentelemetry/api';
import { observeSparingly } from '@payments/runtime';
import { detached, inTransaction } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';

/** Charges and refunds that are undecided: how many, up to a bound, and the age of the oldest, in seconds. */
type UnsettledTasks = { tasks: number; oldestSeconds: number };

/** How many are counted. So many are more than enough to wake somebody. */
const mostCounted = 10_000;

/**
 * The oldest end of `gateway_task_by_created_at`, and nothing else: a page or two, and 3 ms for as many as are counted.
 * Those that calls are at are among them: they are young. By the clock of the database, which wrote their times.
 */
const read = `select count(*)::int as tasks,
    coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "oldestSeconds"
  from (select created_at from payment.gateway_task order by created_at limit ?) oldest`;

/** Reads them, in a transaction of at most `withinMs`. */
const readUnsettledTasks = (database: Database, withinMs: number): Promise<UnsettledTasks> =>
  inTransaction({ database, context: detached(withinMs), readOnly: true }, async (em) => {
    const [row] = await em.execute<[UnsettledTasks]>(read, [mostCounted]);
    return row;
  });

/**
 * The metrics `payment_unsettled_tasks` and `payment_oldest_unsettled_task_seconds`. PostgreSQL is asked when somebody
 * asks for metrics, every `everyMs` milliseconds at most; while it is away, or slower than `withinMs`, they are left out.
 * Disposing it ends the metrics. To be called after the meter is there.
 */
export const measureTasks = (options: {
  database: Database;
  everyMs?: number;
  withinMs?: number;
}): Disposable => {
  const { database, everyMs = 10_000, withinMs = 2_000 } = options;
  const name = '@payments/payment';
  const meter = metrics.getMeter(name);
  const tasks = meter.createObservableGauge('payment.unsettled_tasks', {
    description: "charges and refunds of which the payment gateway's answer is not known yet",
  });
  const oldest = meter.createObservableGauge('payment.oldest_unsettled_task', {
    description: 'how long ago the oldest of them was asked for',
    unit: 's',
  });
  return observeSparingly({
    meter: name,
    gauges: [tasks, oldest],
    ask: () => readUnsettledTasks(database, withinMs),
    observe: (read, result) => {
      result.observe(tasks, read.tasks);
      result.observe(oldest, read.oldestSeconds);
    },
    everyMs,
    withinMs,
  });
};
