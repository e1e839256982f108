import { randomUUID } from 'node:crypto';
import { toJson } from '@bufbuild/protobuf';
import { RefundPaymentResponseSchema } from '@payments/contracts';
import { json, print } from '../terminal/output.ts';
import { exitCodes } from './exit-codes.ts';
import { showPayment } from './show-payments.ts';
import { withService } from './with-service.ts';
import type { ServiceOptions } from './with-service.ts';

/** Pays a payment back, prints it and returns the exit code. */
export const refund = (
  paymentId: string,
  options: ServiceOptions & { requestId?: string },
): Promise<number> => {
  const { requestId = randomUUID() } = options;
  return withService(options, { deed: 'refund', requestId }, async (ask) => {
    const reply = await ask((client, how) => client.refundPayment({ requestId, paymentId }, how));
    if (options.json) print(json({ requestId, ...(toJson(RefundPaymentResponseSchema, reply) as object) }));
    else if (reply.payment) print(showPayment(reply.payment));
    return exitCodes.done;
  });
};
