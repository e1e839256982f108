import { create } from '@bufbuild/protobuf';
import { ListPaymentsResponseSchema } from '@payments/contracts';
import type { ListPaymentsRequest, ListPaymentsResponse } from '@payments/contracts';
import { Payment } from '../database/payment.ts';
import type { PaymentRow } from '../database/payment.ts';
import type { CallContext } from '../rpc/call-context.ts';
import { toPayment } from '../to-payment.ts';
import { filterCondition } from './list-condition.ts';
import type { Position } from './page-token.ts';
import { readPage } from './read-page.ts';
import type { ListOptions, Wanted } from './read-page.ts';

/**
 * What comes after `position`, the newest first. The bound on `createdAt` alone is implied by the rest; it is what lets
 * PostgreSQL begin its index scan there.
 */
const olderThan = ({ createdAt, id }: Position) => {
  const at = new Date(createdAt);
  return { createdAt: { $lte: at }, $or: [{ createdAt: { $lt: at } }, { paymentId: { $lt: id } }] };
};

/** One index range scan of the page's length: each combination of filters but for one has an index (`0003-reading.sql`). */
const find = ({ em, filters, after, limit }: Wanted): Promise<PaymentRow[]> =>
  em.find(
    Payment,
    { $and: [filterCondition(filters), after ? olderThan(after) : {}] },
    { orderBy: { createdAt: 'desc', paymentId: 'desc' }, limit, disableIdentityMap: true },
  );

const positionOf = ({ createdAt, paymentId }: PaymentRow): Position => ({
  createdAt: createdAt.getTime(),
  id: paymentId,
});

/** `PaymentService.ListPayments`. @throws PaymentError */
export const listPayments = async (
  options: ListOptions,
  asked: ListPaymentsRequest,
  context: CallContext,
): Promise<ListPaymentsResponse> => {
  const { rows, nextPageToken } = await readPage(options, { asked, context }, { find, positionOf });
  return create(ListPaymentsResponseSchema, { payments: rows.map(toPayment), nextPageToken });
};
