import type { Gateway, GatewayAnswer, GatewayCall } from '../gateway/gateway.ts';
import type { DueTask } from '../task/claim-due-tasks.ts';
import type { RecoveryLog } from './recovery.ts';

/**
 * Asks the payment gateway for the outcome of what somebody may have asked before, always with the same key.
 *
 * A charge is looked up first: that charges nothing, whatever became of the key. If there is none, or the gateway does not
 * say, it is charged, which the key makes safe, as long as the gateway remembers it. After that only the look-up is safe,
 * for a charge; a refund, which has none, is not asked for again, and people have to look.
 */
export const askAgain = async (
  { gateway, log }: { gateway: Gateway; log: RecoveryLog },
  { kind, taskId, charge, keyMayBeForgotten }: DueTask,
  bound: GatewayCall,
): Promise<GatewayAnswer> => {
  const known = kind === 'CHARGE' ? await lookUp(gateway, charge.paymentId, bound) : undefined;
  if (known) return known;
  if (keyMayBeForgotten) {
    const fields = { kind, task_id: taskId, payment_id: charge.paymentId };
    log.error(
      fields,
      'undecided for so long that the payment gateway may have forgotten it: find out by hand',
    );
    return { outcome: 'UNKNOWN', reason: 'its key may be forgotten' };
  }
  return kind === 'CHARGE'
    ? gateway.charge(charge, bound)
    : gateway.refund({ refundId: taskId, paymentId: charge.paymentId }, bound);
};

/** What the payment gateway knows; undefined if it has to be asked to charge. Where nobody is there, nobody has to be asked. */
const lookUp = async (
  gateway: Gateway,
  paymentId: string,
  bound: GatewayCall,
): Promise<GatewayAnswer | undefined> => {
  const found = await gateway.findCharge(paymentId, bound);
  return found.outcome === 'NONE' || found.outcome === 'UNKNOWN' ? undefined : found;
};
