import { randomUUID } from 'node:crypto';
import { toJson } from '@bufbuild/protobuf';
import { ExecutePaymentsResponseSchema, PaymentState } from '@payments/contracts';
import { complain, json, print } from '../terminal/output.ts';
import { countText } from '../terminal/texts.ts';
import { UsageError } from '../usage-error.ts';
import { exitCodes } from './exit-codes.ts';
import { readReservation } from './read-reservation.ts';
import { showOrder } from './show-payments.ts';
import { withService } from './with-service.ts';
import type { ServiceOptions } from './with-service.ts';

/**
 * Pays what was typed, prints what became of it and returns the exit code.
 * @throws UsageError that names what was typed wrong, or is missing
 */
export const order = (
  typed: readonly string[],
  options: ServiceOptions & { user?: string; requestId?: string },
): Promise<number> => {
  const reservations = typed.map(readReservation);
  const { user: userId, requestId = randomUUID() } = options;
  // Not a required option of commander's: it would be asked of the other commands as well.
  if (userId === undefined) throw new UsageError("required option '--user <id>' not specified");
  return withService(options, { deed: 'order', requestId, reservations: typed }, async (ask) => {
    const reply = await ask((client, how) =>
      client.executePayments({ requestId, userId, reservations }, how),
    );
    const { payments } = reply;
    if (options.json) print(json({ requestId, ...(toJson(ExecutePaymentsResponseSchema, reply) as object) }));
    else print(showOrder(payments));
    const pending = payments.filter(({ state }) => state === PaymentState.PENDING).length;
    if (pending > 0 && !options.json)
      complain(
        `${countText(pending, 'payment')} PENDING: the same request with --request-id ${requestId} tells the outcome later.`,
      );
    const completed = payments.every(({ state }) => state === PaymentState.COMPLETED);
    return completed ? exitCodes.done : exitCodes.someNotCompleted;
  });
};
