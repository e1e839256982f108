import { create } from '@bufbuild/protobuf';
import { ListPaymentsResponseSchema } from '@payments/contracts';
import type { ListPaymentsRequest, ListPaymentsResponse } from '@payments/contracts';
import { inTransaction } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import { Payment } from '../database/payment.ts';
import type { CallContext } from '../rpc/call-context.ts';
import { isUuid } from '../rpc/check-field.ts';
import { toPayment } from '../to-payment.ts';
import { filterCondition } from './list-condition.ts';
import { writePageToken } from './page-token.ts';
import type { Position } from './page-token.ts';
import { readListRequest } from './read-list-request.ts';

/**
 * What comes after `position`, the newest first. The bound on `createdAt` alone is implied by the rest; it is what lets
 * PostgreSQL begin its index scan there.
 */
const olderThan = ({ createdAt, id }: Position) => {
  const at = new Date(createdAt);
  return { createdAt: { $lte: at }, $or: [{ createdAt: { $lt: at } }, { paymentId: { $lt: id } }] };
};

/** `PaymentService.ListPayments`: one index range scan of the page's length. @throws PaymentError */
export const listPayments = async (
  { database }: { database: Database },
  request: ListPaymentsRequest,
  context: CallContext,
): Promise<ListPaymentsResponse> => {
  const { filters, pageSize, after } = readListRequest(request, isUuid);
  const rows = await inTransaction({ database, context, readOnly: true }, (em) =>
    em.find(
      Payment,
      { $and: [filterCondition(filters), after ? olderThan(after) : {}] },
      { orderBy: { createdAt: 'desc', paymentId: 'desc' }, limit: pageSize + 1, disableIdentityMap: true },
    ),
  );
  const payments = rows.slice(0, pageSize);
  const last = rows.length > pageSize ? payments.at(-1) : undefined;
  return create(ListPaymentsResponseSchema, {
    payments: payments.map(toPayment),
    nextPageToken: last
      ? writePageToken(filters, { createdAt: last.createdAt.getTime(), id: last.paymentId })
      : '',
  });
};
