import pg from 'pg';
import { messagesOf, type Booking, type BookingDesk } from './booking.ts';

/** Books through plain SQL, as a service in any language could. */
export function openPgDesk(databaseUrl: string): BookingDesk {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  // A connection that breaks while it is idle; the pool makes another.
  pool.on('error', () => undefined);
  return {
    async book(booking) {
      const outcome = await retryDeadlocks(() => bookInTransaction(pool, booking));
      // After the commit: inside of it a NOTIFY would make all commits of the server wait for each other. It is a hint, and
      // a relay that does not get it finds the messages at its next poll: so it never fails what is committed.
      if (outcome === 'BOOKED') await pool.query('notify outbox').catch(() => undefined);
      return outcome;
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

async function bookInTransaction(pool: pg.Pool, booking: Booking): Promise<'BOOKED' | 'TAKEN'> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const outcome = await bookIn(client, booking);
    await client.query(outcome === 'BOOKED' ? 'commit' : 'rollback');
    client.release();
    return outcome;
  } catch (thrown) {
    // Ends the connection, and with it the transaction, whatever state they are in.
    client.release(true);
    throw thrown;
  }
}

async function bookIn(client: pg.PoolClient, booking: Booking): Promise<'BOOKED' | 'TAKEN'> {
  const { rowCount } = await client.query(
    'insert into rooms.booking (room, day, guest) values ($1, $2, $3) on conflict do nothing',
    [booking.room, booking.day, booking.guest],
  );
  if (rowCount === 0) return 'TAKEN';
  // Last in the transaction: from here to the commit nobody else can append a message of the same key. On the client that
  // holds the transaction: from the pool they would be committed by themselves.
  for (const { topic, key, type, payload, headers } of messagesOf(booking)) {
    await client.query(
      'select outbox.append(topic => $1, key => $2, type => $3, payload => $4, headers => $5)',
      [topic, key, type, payload, headers],
    );
  }
  return 'BOOKED';
}

/** Two transactions that lock rows and keys in different orders: PostgreSQL ends one of them, which is to be done again. */
async function retryDeadlocks<T>(work: () => Promise<T>, triesLeft = 4): Promise<T> {
  const deadlockDetected = '40P01';
  try {
    return await work();
  } catch (thrown) {
    const mayRetry = thrown instanceof pg.DatabaseError && thrown.code === deadlockDetected && triesLeft > 0;
    if (!mayRetry) throw thrown;
    return retryDeadlocks(work, triesLeft - 1);
  }
}
