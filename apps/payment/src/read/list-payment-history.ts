import { create } from '@bufbuild/protobuf';
import { ListPaymentHistoryResponseSchema } from '@payments/contracts';
import type { ListPaymentHistoryRequest, ListPaymentHistoryResponse } from '@payments/contracts';
import { PaymentHistory } from '../database/payment-history.ts';
import type { PaymentHistoryRow } from '../database/payment-history.ts';
import type { CallContext } from '../call/call-context.ts';
import { toHistoryEntry } from '../to-payment.ts';
import { listRange } from './list-range.ts';
import type { Position } from './page-token.ts';
import { readPage } from './read-page.ts';
import type { ListOptions, Wanted } from './read-page.ts';

/** As in `list-payments.ts`; history ids grow within a millisecond. */
const find = ({ em, filters, after, limit }: Wanted): Promise<PaymentHistoryRow[]> => {
  const { where, orderBy } = listRange('history_id', filters, after);
  return em.find(PaymentHistory, where, {
    orderBy: [...orderBy, { historyId: 'desc' }],
    limit,
    disableIdentityMap: true,
  });
};

const positionOf = ({ createdAt, historyId }: PaymentHistoryRow): Position => ({
  createdAt: createdAt.getTime(),
  id: String(historyId),
});

/** `PaymentService.ListPaymentHistory`. @throws PaymentError */
export const listPaymentHistory = async (
  options: ListOptions,
  asked: ListPaymentHistoryRequest,
  context: CallContext,
): Promise<ListPaymentHistoryResponse> => {
  const { rows, nextPageToken } = await readPage(options, { asked, context }, { find, positionOf });
  return create(ListPaymentHistoryResponseSchema, { entries: rows.map(toHistoryEntry), nextPageToken });
};
