import { create } from '@bufbuild/protobuf';
import { ListPaymentHistoryResponseSchema } from '@payments/contracts';
import type { ListPaymentHistoryRequest, ListPaymentHistoryResponse } from '@payments/contracts';
import { inTransaction } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import { PaymentHistory } from '../database/payment-history.ts';
import type { CallContext } from '../rpc/call-context.ts';
import { toHistoryEntry } from '../to-payment.ts';
import { filterCondition } from './list-condition.ts';
import { writePageToken } from './page-token.ts';
import type { Position } from './page-token.ts';
import { readListRequest } from './read-list-request.ts';

const isHistoryId = (id: string): boolean => /^\d{1,18}$/.test(id);

/** As in `list-payments.ts`; history ids grow within a millisecond. */
const olderThan = ({ createdAt, id }: Position) => {
  const at = new Date(createdAt);
  return { createdAt: { $lte: at }, $or: [{ createdAt: { $lt: at } }, { historyId: { $lt: BigInt(id) } }] };
};

/** `PaymentService.ListPaymentHistory`: one index range scan of the page's length. @throws PaymentError */
export const listPaymentHistory = async (
  { database }: { database: Database },
  request: ListPaymentHistoryRequest,
  context: CallContext,
): Promise<ListPaymentHistoryResponse> => {
  const { filters, pageSize, after } = readListRequest(request, isHistoryId);
  const rows = await inTransaction({ database, context, readOnly: true }, (em) =>
    em.find(
      PaymentHistory,
      { $and: [filterCondition(filters), after ? olderThan(after) : {}] },
      { orderBy: { createdAt: 'desc', historyId: 'desc' }, limit: pageSize + 1, disableIdentityMap: true },
    ),
  );
  const entries = rows.slice(0, pageSize);
  const last = rows.length > pageSize ? entries.at(-1) : undefined;
  const position = last && { createdAt: last.createdAt.getTime(), id: String(last.historyId) };
  return create(ListPaymentHistoryResponseSchema, {
    entries: entries.map(toHistoryEntry),
    nextPageToken: position ? writePageToken(filters, position) : '',
  });
};
