import { randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  FailureReason,
  paymentEventContentType,
  paymentEventSource,
  paymentEventTypes,
  PaymentEventSchema,
  PaymentState,
} from '@payments/contracts';
import type { PaymentEventType } from '@payments/contracts';
import { decodeEvent } from './decode-event.ts';
import type { PaymentEvent } from './decode-event.ts';

/** For specs: one event as it lies in Kafka. */
export type AnEvent = { id: string; key: string; value: Buffer; headers: Record<string, string> };

/** What a spec wants to be special about an event. */
export type Wishes = {
  id?: string;
  type?: PaymentEventType;
  occurredAt?: Date;
  traceparent?: string;
  payment?: {
    paymentId?: string;
    userId?: string;
    reservationId?: string;
    amount?: { currencyCode: string; units: bigint; nanos?: number } | undefined;
    state?: PaymentState;
    failureReason?: FailureReason;
    declineCode?: string;
  };
};

/** For specs: a completed payment of ₩15,000, but for what is wished. */
export function anEvent(wishes: Wishes = {}): AnEvent {
  const { id = randomUUID(), type = paymentEventTypes.completed } = wishes;
  const occurTime = timestampFromDate(wishes.occurredAt ?? new Date('2026-01-02T03:04:05.678Z'));
  const payment = {
    paymentId: '0d9c1bd6-3a0e-4b7e-9a3e-0f2b5a6c7d8e',
    userId: 'u-1',
    reservationId: 'r-1',
    amount: { currencyCode: 'KRW', units: 15_000n },
    state: PaymentState.COMPLETED,
    ...wishes.payment,
  };
  const event = create(PaymentEventSchema, { eventId: id, occurTime, payment });
  const headers = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: paymentEventSource,
    ce_type: type,
    ce_time: '2026-01-02T03:04:05.678Z',
    ce_subject: payment.paymentId,
    'content-type': paymentEventContentType,
    ...(wishes.traceparent !== undefined && { traceparent: wishes.traceparent }),
  };
  return { id, key: payment.reservationId, value: Buffer.from(toBinary(PaymentEventSchema, event)), headers };
}

/** For specs: a failed payment, ALREADY_PAID but for what is wished. */
export function aFailedEvent({ payment, ...wishes }: Wishes = {}): AnEvent {
  const failed = { state: PaymentState.FAILED, failureReason: FailureReason.ALREADY_PAID };
  return anEvent({ ...wishes, type: paymentEventTypes.failed, payment: { ...failed, ...payment } });
}

/** For specs: such an event, read. */
export function decoded(event: AnEvent): PaymentEvent {
  const read = decodeEvent(event);
  if (read.kind !== 'event') throw new Error(JSON.stringify(read));
  return read.event;
}
