import type { Socket } from 'node:net';
import type pg from 'pg';

/** How long the server may take to say goodbye, in milliseconds. */
const farewellMs = 2000;

/** Ends a connection. A peer that has gone silent never answers the farewell: its socket is destroyed after 2 s. Never throws. */
export async function endConnection(client: pg.Client): Promise<void> {
  const { stream } = (client as pg.Client & { connection: { stream: Socket } }).connection;
  const impatience = setTimeout(() => stream.destroy(), farewellMs);
  await client.end().catch(() => undefined);
  clearTimeout(impatience);
}
