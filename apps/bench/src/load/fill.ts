import type pg from 'pg';
import { appendMessages } from './messages.ts';
import type { Messages } from './messages.ts';

/** Messages of a transaction. Of more than 64 keys, so that it locks buckets and not keys. */
const perTransaction = 20_000;
/** After so many a checkpoint, so that the server's log of 800 bytes a message does not pile up, and a line that tells how far it is. */
const chunk = 500_000;

/**
 * Appends what is to wait for a relay, and leaves the server at rest: vacuumed and analysed, as autovacuum would by and by, and everything
 * on disk, so that neither falls into what is measured.
 */
export async function fill(
  client: pg.Client,
  { log, stop, ...messages }: Messages & { log: (line: string) => void; stop: AbortSignal },
): Promise<void> {
  const end = messages.from + messages.count;
  for (let from = messages.from; from < end; from += perTransaction) {
    stop.throwIfAborted();
    const count = Math.min(perTransaction, end - from);
    await appendMessages(client, { ...messages, from, count, perTransaction });
    const written = from + count - messages.from;
    if (written % chunk > 0) continue;
    await client.query('checkpoint');
    log(`${written.toLocaleString('en')} of ${messages.count.toLocaleString('en')} are written`);
  }
  await client.query('vacuum (analyze) outbox.message');
  await client.query('checkpoint');
}
