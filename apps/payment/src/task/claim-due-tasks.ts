import type { GatewayTaskKind } from '../database/gateway-task.ts';
import { inTransaction, detached } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import type { Charge, Gateway } from '../gateway/gateway.ts';
import { leaseMs, storeWithinMs } from './claimed-task.ts';
import type { ClaimedTask } from './claimed-task.ts';

/** A task that was taken up, with what the payment gateway has to be told. */
export type DueTask = ClaimedTask & {
  kind: GatewayTaskKind;
  charge: Charge;
  /** So old that the payment gateway may have forgotten its key: asking again could do it twice. */
  keyMayBeForgotten: boolean;
  /** The trace of the call that made it, if it was in one. */
  traceparent: string | null;
  /** So old that its trace is over: what is done now is in another. */
  isOld: boolean;
};

/** Payment gateways keep idempotency keys for a day or longer (Stripe: "at least 24 hours"); an hour is for clocks and for calls. */
const keyKeptHours = 23;

/** How long after its call a task is still worked on in the call's trace: as long as the relay publishes in it. */
const traceMinutes = 15;

/**
 * Takes due tasks of one payment gateway over, the longest due first, each by one claimant: a range of the index, rows that another one
 * is about to take or to conclude are skipped. Costs one look at the index when nothing is due.
 */
const claim = `
  with due as (
    select task_id from payment.gateway_task where asked_of = ? and due_at <= now()
    order by due_at limit ? for update skip locked
  )
  update payment.gateway_task task
  set claim = task.claim + 1, claimed_until = now() + lease.length, due_at = now() + lease.length
  from due, payment.payment, (select ? * interval '1 millisecond' as length) lease
  where task.task_id = due.task_id and payment.payment_id = task.payment_id
  returning task.task_id, task.kind, task.claim, task.created_at < now() - ? * interval '1 hour' as forgotten,
    task.traceparent, task.created_at < now() - ? * interval '1 minute' as old,
    payment.payment_id, payment.user_id, payment.reservation_id, payment.amount_minor::text, payment.currency`;

type ClaimedRow = {
  task_id: string;
  kind: GatewayTaskKind;
  claim: number;
  forgotten: boolean;
  traceparent: string | null;
  old: boolean;
  payment_id: string;
  user_id: string;
  reservation_id: string;
  amount_minor: string;
  currency: string;
};

/** Claims up to `limit` tasks of this payment gateway that nobody works on. */
export const claimDueTasks = async (
  database: Database,
  { host }: Pick<Gateway, 'host'>,
  limit: number,
): Promise<DueTask[]> => {
  const rows = await inTransaction({ database, context: detached(storeWithinMs) }, (em) =>
    em.execute<ClaimedRow[]>(claim, [host, limit, leaseMs, keyKeptHours, traceMinutes]),
  );
  return rows.map((row) => ({
    taskId: row.task_id,
    kind: row.kind,
    claim: row.claim,
    keyMayBeForgotten: row.forgotten,
    traceparent: row.traceparent,
    isOld: row.old,
    charge: {
      paymentId: row.payment_id,
      userId: row.user_id,
      reservationId: row.reservation_id,
      amount: { minor: BigInt(row.amount_minor), currency: row.currency },
    },
  }));
};
