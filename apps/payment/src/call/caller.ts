import { PaymentError } from './payment-error.ts';

/** Who makes a call. */
export type Caller = {
  /** The subject of its token; `anonymous` where the service asks for none. Request ids belong to a subject. */
  subject: string;
  /** Whether it may act for every user. */
  admin: boolean;
};

/** The caller where the service asks for no tokens. */
export const anonymous: Caller = { subject: 'anonymous', admin: true };

/** Whether the caller may see what is this user's, and act for it. */
const mayActFor = ({ subject, admin }: Caller, userId: string): boolean => admin || subject === userId;

/**
 * The payment, if there is one that the caller may see: only then is another user's told apart from none.
 * @throws PaymentError PAYMENT_NOT_FOUND
 */
export const requireVisible = <Row extends { userId: string }>(
  caller: Caller,
  paymentId: string,
  payment: Row | null,
): Row => {
  if (payment && mayActFor(caller, payment.userId)) return payment;
  throw new PaymentError('PAYMENT_NOT_FOUND', 'there is no payment of this id', {
    metadata: { payment_id: paymentId },
  });
};

/** @throws PaymentError OTHER_USER if the caller may not act for this user */
export const requireUser = (caller: Caller, userId: string): void => {
  if (mayActFor(caller, userId)) return;
  throw new PaymentError(
    'OTHER_USER',
    'user_id is not the subject of the token: only payments:admin acts for others',
  );
};
