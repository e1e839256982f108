import pg from 'pg';
import { messageOf, newPayment } from './new-payment.ts';
import type { NewPayment } from './new-payment.ts';
import { connections } from './payment-writer.ts';
import type { Writer } from './payment-writer.ts';

const paymentColumns = `payment_id, user_id, reservation_id, amount_minor, currency, state, failure_reason, decline_code,
  authorizer, created_at, updated_at`;
const historyColumns =
  'payment_id, user_id, reservation_id, amount_minor, currency, state, failure_reason, created_at';

/** Names make pg prepare each of them once for a connection. */
const begin = { name: 'begin', text: 'begin' };
const commit = { name: 'commit', text: 'commit' };
const append = {
  name: 'append',
  text: 'select outbox.append(topic => $1, key => $2, type => $3, payload => $4, headers => $5, id => $6)',
};
const insertPayment = {
  name: 'payment',
  text: `insert into payment.payment (${paymentColumns}) values (${places(1, 11)})`,
};
const insertHistory = {
  name: 'history',
  text: `insert into payment.payment_history (${historyColumns}) values (${places(1, 8)})`,
};
/**
 * The message rides on the statement before it: one way to the server and back less. The history in the WITH and
 * `select outbox.append(…) from history` behind it would do the same, and cost 1.3 times as much processor time for the message.
 */
const insertHistoryAndMessage = {
  name: 'history and message',
  text: `with message as (insert into outbox.message (topic, key, type, payload, headers, id) values (${places(9, 6)}))
         insert into payment.payment_history (${historyColumns}) values (${places(1, 8)})`,
};
/** The same three rows by one statement, in a transaction that it begins and commits by itself. */
const insertAll = {
  name: 'all',
  text: `with payment as (insert into payment.payment (${paymentColumns}) values (${places(1, 11)})),
              history as (insert into payment.payment_history (${historyColumns}) values (${places(12, 8)}))
         insert into payment.plain_message (topic, key, type, payload, headers, id) values (${places(20, 6)})`,
};

/** What any table of messages has to store: no trigger, no number, no index, no partition. */
const plainMessage = `drop table if exists payment.plain_message;
  create table payment.plain_message
  (id uuid not null, topic text not null, key text not null, type text not null, payload bytea not null,
   headers jsonb not null, created_at timestamptz not null default clock_timestamp())`;

function places(from: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `$${from + index}`).join();
}

const paymentValues = (payment: NewPayment) => [
  ...[payment.paymentId, payment.userId, payment.reservationId, payment.amountMinor, payment.currency],
  ...[payment.state, payment.failureReason, payment.declineCode, payment.authorizer],
  ...[payment.createdAt, payment.updatedAt],
];

const historyValues = (payment: NewPayment) => [
  ...[payment.paymentId, payment.userId, payment.reservationId, payment.amountMinor, payment.currency],
  ...[payment.state, payment.failureReason, payment.createdAt],
];

const messageValues = (payment: NewPayment) => {
  const { topic, key, type, payload, headers, id } = messageOf(payment);
  return [topic, key, type, payload, headers, id];
};

/** How a message is appended: not at all, by a statement of its own, or by the last one of the others. */
export type Appending = 'NOT' | 'APART' | 'ALONG';

/** Writes payments by one prepared statement after another, each sent when the one before it is answered, as everybody does. */
export const sqlWriter = (databaseUrl: string, appending: Appending): Promise<Writer> =>
  openWriter(databaseUrl, async (client) => {
    const payment = newPayment();
    await client.query(begin);
    await client.query({ ...insertPayment, values: paymentValues(payment) });
    for (const statement of lastOf(payment, appending)) await client.query(statement);
    await client.query(commit);
  });

const lastOf = (payment: NewPayment, appending: Appending) => {
  const history = { ...insertHistory, values: historyValues(payment) };
  switch (appending) {
    case 'NOT':
      return [history];
    case 'APART':
      return [history, { ...append, values: messageValues(payment) }];
    case 'ALONG':
      return [{ ...insertHistoryAndMessage, values: [...historyValues(payment), ...messageValues(payment)] }];
    default:
      return appending satisfies never;
  }
};

/** The ceiling: the least that can be sent, and asked of the server, for rows like these to be there. */
export const oneStatementWriter = (databaseUrl: string): Promise<Writer> =>
  openWriter(databaseUrl, async (client) => {
    const payment = newPayment();
    const values = [paymentValues(payment), historyValues(payment), messageValues(payment)].flat();
    await client.query({ ...insertAll, values });
  });

async function openWriter(
  databaseUrl: string,
  write: (client: pg.Client) => Promise<unknown>,
): Promise<Writer> {
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: databaseUrl }));
  await Promise.all(clients.map((client) => client.connect()));
  await clients[0]?.query(plainMessage);
  return {
    write: async (connection) => {
      const client = clients[connection];
      if (client) await write(client);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
