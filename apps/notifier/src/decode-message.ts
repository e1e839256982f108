import { fromBinary } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { formatMoney, PaymentEventSchema, readMoney } from '@payments/contracts';
import type { Payment } from '@payments/contracts';
import { paymentKind } from './payment-kinds.ts';
import type { PaymentKind } from './payment-kinds.ts';

/** A payment event as it is told. `id` is the message's id, by which repeats are known. */
export type DecodedEvent = {
  id: string;
  kind: PaymentKind;
  payment: Payment;
  /** For people, exact: ₩15,000. */
  amount: string;
  occurredAt: Date;
  traceparent: string | undefined;
};

/** What was read, or why this message can never be told. */
export type Decoded = { ok: true; event: DecodedEvent } | { ok: false; reason: string };

const uuidForm = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Reads a Kafka message: CloudEvents headers (Kafka binding, binary mode) and a `payment.v1.PaymentEvent`. Almost any
 * bytes are some protobuf message, so what the event must hold is checked too. Never throws.
 */
export function decodeMessage(message: { value: Buffer; headers: Record<string, string> }): Decoded {
  const { ce_id: id = '', ce_type: type = '', traceparent } = message.headers;
  const refused = (reason: string): Decoded => ({ ok: false, reason });
  if (!uuidForm.test(id)) return refused('ce_id is not a UUID');
  const kind = paymentKind(type);
  if (!kind) return refused(`unknown kind of event: ce_type ${JSON.stringify(type)}`);
  const event = decodePaymentEvent(message.value);
  if (event instanceof Error) return refused(`not a payment.v1.PaymentEvent: ${event.message}`);

  const { payment, occurTime } = event;
  if (!payment?.amount || !occurTime || !payment.reservationId)
    return refused('the event lacks its payment, amount, reservation_id or occur_time');
  if (payment.state !== kind.state) return refused(`the payment's state does not go with ce_type ${type}`);
  const money = readMoney(payment.amount);
  if ('problem' in money) return refused(`amount: ${money.description}`);
  const occurredAt = timestampDate(occurTime);
  if (Number.isNaN(occurredAt.getTime())) return refused('occur_time is not a date');
  return { ok: true, event: { id, kind, payment, amount: formatMoney(money), occurredAt, traceparent } };
}

function decodePaymentEvent(value: Buffer) {
  try {
    return fromBinary(PaymentEventSchema, value);
  } catch (error) {
    return error as Error;
  }
}
