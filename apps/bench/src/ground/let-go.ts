import type pg from 'pg';

/**
 * Wakes relays that look only when they are woken, and waits until the server has the hint, however long that takes: a waker gives a
 * hint up after 5 s, which costs its user one poll, and a relay that is held back an hour.
 */
export async function letGo(client: pg.Client): Promise<void> {
  await client.query('notify outbox');
}
