import { create } from '@bufbuild/protobuf';
import { ListPaymentsResponseSchema } from '@payments/contracts';
import type { ListPaymentsRequest, ListPaymentsResponse } from '@payments/contracts';
import { Payment } from '../database/payment.ts';
import type { PaymentRow } from '../database/payment.ts';
import type { CallContext } from '../call/call-context.ts';
import { toPayment } from '../to-payment.ts';
import { listRange } from './list-range.ts';
import type { Position } from './page-token.ts';
import { readPage } from './read-page.ts';
import type { ListOptions, Wanted } from './read-page.ts';

/** One index range scan of the page's length. */
const find = ({ em, filters, after, limit }: Wanted): Promise<PaymentRow[]> => {
  const { where, orderBy } = listRange('payment_id', filters, after);
  return em.find(Payment, where, {
    orderBy: [...orderBy, { paymentId: 'desc' }],
    limit,
    disableIdentityMap: true,
  });
};

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
