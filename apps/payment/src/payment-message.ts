import { randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  paymentEventContentType,
  PaymentEventSchema,
  paymentEventSource,
  paymentEventTopic,
  paymentEventTypes,
} from '@payments/contracts';
import type { PaymentEventType } from '@payments/contracts';
import type { NewMessage } from '@payments/outbox/writer';
import type { PaymentRow, State } from './database/payment.ts';
import { toPayment } from './to-payment.ts';

/** What tells of each state a payment comes to. PENDING is not an outcome: nothing is told. */
const typeOf = (state: State): PaymentEventType => {
  switch (state) {
    case 'COMPLETED':
      return paymentEventTypes.completed;
    case 'FAILED':
      return paymentEventTypes.failed;
    case 'REFUNDED':
      return paymentEventTypes.refunded;
    case 'PENDING':
      throw new Error('a pending payment has no event');
    default:
      return state satisfies never;
  }
};

/** The outbox message that tells of a payment's outcome, as `payment_event.proto` promises it. */
export const paymentMessage = (
  payment: PaymentRow,
  eventId: string = randomUUID(),
): NewMessage & { id: string } => {
  const event = create(PaymentEventSchema, {
    eventId,
    occurTime: timestampFromDate(payment.updatedAt),
    payment: toPayment(payment),
  });
  return {
    id: eventId,
    topic: paymentEventTopic,
    key: payment.reservationId,
    type: typeOf(payment.state),
    payload: toBinary(PaymentEventSchema, event),
    headers: {
      ce_source: paymentEventSource,
      ce_subject: payment.paymentId,
      'content-type': paymentEventContentType,
    },
  };
};
