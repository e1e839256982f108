import { execa } from 'execa';
import type { BenchDatabase, Ground } from './ground.ts';

/** Makes a database with the payment service's own tables, by its own migrations, and an empty outbox. */
export async function paymentDatabase(ground: Pick<Ground, 'database'>): Promise<BenchDatabase> {
  await using making = new AsyncDisposableStack();
  const database = making.use(await ground.database());
  await execa(process.execPath, ['apps/payment/src/main.ts', '--migrate-only'], {
    env: { DATABASE_URL: database.url },
  });
  making.move();
  return database;
}

/** Empties the tables of payments and of messages, so that every round begins with nothing. */
export async function emptyTables({ client }: Pick<BenchDatabase, 'client'>): Promise<void> {
  await client.query('truncate payment.payment, outbox.message restart identity cascade');
}

/** How many rows there are. */
export interface PaymentRows {
  /** Payments that are COMPLETED. */
  payments: number;
  /** Lines of history that say so of one of them. */
  history: number;
  /** Messages whose key is the reservation of one of them; each counted once. */
  messages: number;
}

/**
 * Counts what was written.
 * @throws Error where it is not `expected`, to the row
 */
export async function checkRows(
  { client }: Pick<BenchDatabase, 'client'>,
  expected: PaymentRows & { by: string },
): Promise<void> {
  const { rows } = await client.query<Record<keyof PaymentRows, string>>(`
    with paid as (select payment_id, reservation_id from payment.payment where state = 'COMPLETED')
    select (select count(*) from paid) as payments,
           (select count(distinct payment_id) from payment.payment_history join paid using (payment_id)
             where state = 'COMPLETED') as history,
           (select count(distinct key) from outbox.message join paid on key = reservation_id
             where headers ->> 'ce_subject' = payment_id::text) as messages,
           (select count(*) from payment.payment_history) as all_history, (select count(*) from outbox.message) as all_messages`);
  const found = Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, text]) => [name, Number(text)]));
  const { by, ...wanted } = expected;
  const all = { ...wanted, all_history: wanted.history, all_messages: wanted.messages };
  if (JSON.stringify(found) !== JSON.stringify(all))
    throw new Error(`${by}: ${JSON.stringify(all)} rows were to be there, and ${JSON.stringify(found)} are`);
}
