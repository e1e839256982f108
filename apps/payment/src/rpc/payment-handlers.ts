import type { PaymentHandlers } from '@payments/contracts';
import { executePayments } from '../execute/execute-payments.ts';
import type { ExecutePaymentsOptions } from '../execute/execute-payments.ts';
import { PaymentError } from '../call/payment-error.ts';
import { getPayment } from '../read/get-payment.ts';
import { listPaymentHistory } from '../read/list-payment-history.ts';
import { listPayments } from '../read/list-payments.ts';
import { keepPageTokenKey } from '../read/page-token-key.ts';
import { refundPayment } from '../refund/refund-payment.ts';
import type { RefundPaymentOptions } from '../refund/refund-payment.ts';
import type { Admission } from '../server/admission.ts';
import type { CallContext } from '../call/call-context.ts';
import { unaryHandler } from './unary-handler.ts';
import type { CallLog } from './unary-handler.ts';

/** What the methods of the service need. */
export type PaymentHandlerOptions = ExecutePaymentsOptions &
  RefundPaymentOptions & {
    log: CallLog;
    /** Bounds the calls in progress. */
    admission: Pick<Admission, 'enter' | 'leave'>;
    /** Whether the schema is there: until then every call is UNAVAILABLE. */
    isReady: () => boolean;
  };

/** The methods of `payment.v1.PaymentService`, as grpc-js serves them. */
export const paymentHandlers = (options: PaymentHandlerOptions): PaymentHandlers => {
  const withKey = { ...options, pageTokenKey: keepPageTokenKey() };
  const serve = <Request, Reply>(
    method: (options: typeof withKey, request: Request, context: CallContext) => Promise<Reply>,
  ) =>
    unaryHandler(options, async (request: Request, context) => {
      if (!options.isReady()) throw starting();
      return method(withKey, request, context);
    });
  return {
    executePayments: serve(executePayments),
    refundPayment: serve(refundPayment),
    getPayment: serve(getPayment),
    listPayments: serve(listPayments),
    listPaymentHistory: serve(listPaymentHistory),
  };
};

const starting = () => new PaymentError('STARTING', 'the service is starting and waits for its database');
