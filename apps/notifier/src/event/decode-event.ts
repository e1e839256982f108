import { fromBinary } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { PaymentEventSchema, readMoney } from '@payments/contracts/events';
import type { MinorUnits, Payment } from '@payments/contracts/events';
import { cutShort } from './cut-short.ts';
import { outcomeOfType, stateOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** A payment event as it is told. `id` is the message's id, by which repeats are known. */
export type PaymentEvent = {
  id: string;
  outcome: Outcome;
  payment: Payment;
  amount: MinorUnits;
  occurredAt: Date;
  traceparent: string | undefined;
};

/**
 * What was read:
 * - `unknown`: an event of a kind that this version does not know, such as a newer one's
 * - `unreadable`: this message can never be told
 */
export type Decoded =
  | { kind: 'event'; event: PaymentEvent }
  | { kind: 'unknown'; type: string }
  | { kind: 'unreadable'; reason: string };

const uuidForm = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Reads a Kafka message: CloudEvents headers (Kafka binding, binary mode) and a `payment.v1.PaymentEvent`. Almost any
 * bytes are some protobuf message, so what the event must hold is checked too. Never throws.
 */
export function decodeEvent(message: { value: Buffer; headers: Record<string, string> }): Decoded {
  const { ce_id: id = '', ce_type: type = '', traceparent } = message.headers;
  if (!uuidForm.test(id)) return unreadable('ce_id is not a UUID');
  if (type === '') return unreadable('ce_type is missing');
  const outcome = outcomeOfType(type);
  if (!outcome) return { kind: 'unknown', type: cutShort(type) };
  const event = decodePaymentEvent(message.value);
  if (event instanceof Error) return unreadable(`not a payment.v1.PaymentEvent: ${event.message}`);

  const { payment, occurTime } = event;
  if (!payment?.amount || !occurTime || !payment.reservationId)
    return unreadable('the event lacks its payment, amount, reservation_id or occur_time');
  if (payment.state !== stateOf(outcome))
    return unreadable(`the payment's state does not go with ce_type ${type}`);
  const amount = readMoney(payment.amount);
  if ('problem' in amount) return unreadable(`amount: ${amount.description}`);
  const occurredAt = readTime(occurTime);
  if (!occurredAt) return unreadable('occur_time is not a date');
  return {
    kind: 'event',
    event: { id: id.toLowerCase(), outcome, payment, amount, occurredAt, traceparent },
  };
}

const [firstSecond, lastSecond] = [-62_135_596_800n, 253_402_300_799n];

/** A Timestamp holds the years 1 to 9999, and less than a second of nanos; undefined: these numbers are none. */
function readTime(time: Timestamp): Date | undefined {
  const { seconds, nanos } = time;
  const holds = seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos < 1_000_000_000;
  return holds ? timestampDate(time) : undefined;
}

/** A reason quotes what a stranger wrote, who may have written a megabyte. */
const unreadable = (reason: string): Decoded => ({ kind: 'unreadable', reason: cutShort(reason) });

function decodePaymentEvent(value: Buffer) {
  try {
    return fromBinary(PaymentEventSchema, value);
  } catch (error) {
    return error as Error;
  }
}
