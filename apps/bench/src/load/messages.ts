import type pg from 'pg';

/** A stretch of numbered messages. Number n has key `key-${n % keys}`, and its payload begins with n. */
export interface Messages {
  topic: string;
  /** The first number. */
  from: number;
  count: number;
  keys: number;
}

/** Bytes of a payload. */
export const payloadBytes = 200;
/** How many digits a payload begins with. */
const digits = 12;

/** The headers that a writer gives a row: with those that the relay adds it is all that the contract knows. */
export const writerHeaders = `jsonb_build_object('ce_source', '/payments/payment', 'ce_subject', md5(n::text),
  'content-type', 'application/protobuf',
  'traceparent', format('00-%s-%s-00', md5(n::text), left(md5('span' || n), 16)))`;

/** The payload of number n in SQL: the same for every system. */
export const payloadOf = `convert_to(lpad(n::text, ${digits}, '0') || repeat('.', ${payloadBytes - digits}), 'UTF8')`;

/** The type that every message has. */
export const messageType = 'payment.v1.PaymentCompleted';

const append = `
select outbox.append(array_agg($1::text), array_agg('key-' || n % $4::bigint order by n), array_agg('${messageType}'::text),
                     array_agg(${payloadOf} order by n), array_agg(${writerHeaders} order by n), null)
  from generate_series($2::bigint, $2::bigint + $3::bigint - 1) as n`;

/** Appends messages to the outbox, so many to a transaction, through `outbox.append` as a service of plain SQL does. */
export async function appendMessages(
  client: pg.Client,
  { topic, from, count, keys, perTransaction }: Messages & { perTransaction: number },
): Promise<void> {
  for (let begun = 0; begun < count; begun += perTransaction) {
    const some = Math.min(perTransaction, count - begun);
    await client.query({ name: 'append', text: append, values: [topic, from + begun, some, keys] });
  }
}

/** The number that a payload begins with. */
export const numberIn = (payload: Buffer): number => Number(payload.toString('latin1', 0, digits));
