import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
import { appendMessage, joinCommit, OutboxMessage, outboxSubscriber } from '@payments/outbox/writer';
import { messageOf, newPayment } from './new-payment.ts';
import { connections } from './payment-writer.ts';
import type { Writer } from './payment-writer.ts';

/** The entities of the payment service, column for column: apps import no apps. */
const Payment = defineEntity({
  name: 'Payment',
  schema: 'payment',
  tableName: 'payment',
  properties: {
    paymentId: p.uuid().primary(),
    userId: p.text(),
    reservationId: p.text(),
    amountMinor: p.bigint(),
    currency: p.text(),
    state: p.text(),
    failureReason: p.text().nullable(),
    declineCode: p.text().nullable(),
    authorizer: p.text(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

const PaymentHistory = defineEntity({
  name: 'PaymentHistory',
  schema: 'payment',
  tableName: 'payment_history',
  properties: {
    historyId: p.bigint().primary().autoincrement(),
    payment: () => p.manyToOne(Payment).joinColumn('payment_id'),
    userId: p.text(),
    reservationId: p.text(),
    amountMinor: p.bigint(),
    currency: p.text(),
    state: p.text(),
    failureReason: p.text().nullable(),
    createdAt: p.datetime(3),
  },
});

/**
 * Writes payments as the payment service does, each with its history and message: one unit of work, of one payment unless told
 * otherwise. Without the message nothing of the outbox is registered.
 */
export function mikroOrmWriter(
  databaseUrl: string,
  { withMessage, payments = 1 }: { withMessage: boolean; payments?: number },
): Writer {
  const orm = new MikroORM({
    clientUrl: databaseUrl,
    entities: [Payment, PaymentHistory, ...(withMessage ? [OutboxMessage] : [])],
    subscribers: withMessage ? [outboxSubscriber] : [],
    ensureDatabase: false,
    pool: { min: 0, max: connections },
    ...(withMessage && { driverOptions: { onPoolCreated: joinCommit } }),
    forceUtcTimezone: true,
    logger: () => undefined,
  });
  const pay = (em: typeof orm.em): void => {
    const payment = newPayment();
    const { paymentId, declineCode, authorizer, updatedAt, ...facts } = payment;
    const row = em.create(Payment, { paymentId, declineCode, authorizer, updatedAt, ...facts });
    em.create(PaymentHistory, { ...facts, payment: row });
    if (withMessage) appendMessage(em, messageOf(payment));
  };
  return {
    write: () =>
      orm.em.fork().transactional((em) => {
        for (let paid = 0; paid < payments; paid++) pay(em);
        return Promise.resolve();
      }),
    [Symbol.asyncDispose]: () => orm.close(),
  };
}
