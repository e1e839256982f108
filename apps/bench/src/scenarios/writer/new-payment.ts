import { randomUUID } from 'node:crypto';
import { paymentEventContentType, paymentEventSource, paymentEventTopic } from '@payments/contracts';
import type { NewMessage } from '@payments/outbox/writer';
import { messageType, payloadBytes } from '../../load/messages.ts';

/** A payment as the service stores it once the built-in authorizer has let it through. */
export const newPayment = () => {
  const [paymentId, reservationId, now] = [randomUUID(), `r-${randomUUID()}`, new Date()];
  return {
    ...{ paymentId, userId: 'u-1', reservationId, amountMinor: 15_000n, currency: 'KRW' },
    ...{ state: 'COMPLETED', failureReason: null, declineCode: null, authorizer: 'BUILT_IN' },
    ...{ createdAt: now, updatedAt: now },
  };
};

/** What a payment holds. */
export type NewPayment = ReturnType<typeof newPayment>;

/** About as many bytes as the service's own event has. */
const payload = Buffer.alloc(payloadBytes, '.');

/** The message that tells of it, with the service's own headers. */
export const messageOf = ({ paymentId, reservationId }: NewPayment): Required<NewMessage> => ({
  id: randomUUID(),
  topic: paymentEventTopic,
  key: reservationId,
  type: messageType,
  payload,
  headers: {
    ce_source: paymentEventSource,
    ce_subject: paymentId,
    'content-type': paymentEventContentType,
  },
});
