import { randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  FailureReason,
  paymentEventContentType,
  PaymentEventSchema,
  paymentEventSource,
  paymentEventTopic,
  paymentEventTypes,
  PaymentState,
  type PaymentEventType,
} from '@payments/contracts';
import type { KafkaMessage } from '@payments/kafka';

/** What became of a payment. */
export type Outcome = 'COMPLETED' | 'FAILED' | 'REFUNDED';

/** An event as the relay puts it into Kafka, without a payment behind it. No two have the same id or the same user. */
export interface SentEvent {
  id: string;
  reservationId: string;
  userId: string;
  outcome: Outcome;
  message: KafkaMessage;
}

const outcomes: Record<Outcome, { type: PaymentEventType; state: PaymentState; reason: FailureReason }> = {
  COMPLETED: {
    type: paymentEventTypes.completed,
    state: PaymentState.COMPLETED,
    reason: FailureReason.UNSPECIFIED,
  },
  FAILED: { type: paymentEventTypes.failed, state: PaymentState.FAILED, reason: FailureReason.DECLINED },
  REFUNDED: {
    type: paymentEventTypes.refunded,
    state: PaymentState.REFUNDED,
    reason: FailureReason.UNSPECIFIED,
  },
};

/** Makes the event of an outcome of a reservation. */
export function aPaymentEvent(reservationId: string, outcome: Outcome): SentEvent {
  const { type, state, reason: failureReason } = outcomes[outcome];
  const [id, paymentId, occurredAt] = [randomUUID(), randomUUID(), new Date()];
  const userId = `u-${id.slice(0, 13)}`;
  const event = create(PaymentEventSchema, {
    eventId: id,
    occurTime: timestampFromDate(occurredAt),
    payment: {
      paymentId,
      userId,
      reservationId,
      amount: { currencyCode: 'KRW', units: 15_000n },
      state,
      failureReason,
    },
  });
  const headers = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: paymentEventSource,
    ce_type: type,
    ce_time: occurredAt.toISOString(),
    ce_subject: paymentId,
    'content-type': paymentEventContentType,
  };
  const value = toBinary(PaymentEventSchema, event);
  const message = { topic: paymentEventTopic, key: reservationId, value, headers };
  return { id, reservationId, userId, outcome, message };
}
