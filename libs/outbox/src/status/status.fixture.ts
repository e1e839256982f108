import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type pg from 'pg';

/** Stands before a server as a pooler does: it announces a process of its own to the client. */
export async function poolerBefore(databaseUrl: string): Promise<{ url: string } & AsyncDisposable> {
  const { hostname, port } = new URL(databaseUrl);
  const ends = new Set<() => void>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const end = () => [client, upstream].forEach((socket) => socket.destroy());
    ends.add(end);
    [client, upstream].forEach((socket) => socket.on('error', end).on('close', end));
    client.pipe(upstream);
    upstream.on('data', (bytes: Buffer) => {
      // BackendKeyData: 'K', its length, the process.
      const at = bytes.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
      if (at >= 0) bytes.writeInt32BE(1, at + 5);
      client.write(bytes);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = Object.assign(new URL(databaseUrl), {
    hostname: '127.0.0.1',
    port: String((server.address() as AddressInfo).port),
  }).href;
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const end of ends) end();
      await once(server, 'close');
    },
  };
}

/** What the view message_status says of all messages, newest first. */
export async function statusesByView(onlooker: pg.Client): Promise<{ seq: string; status: string }[]> {
  const { rows } = await onlooker.query<{ seq: string; status: string }>(
    'select seq, status from outbox.message_status order by message_status.seq desc',
  );
  return rows;
}

/** A message as the owner of its lane parks it. */
export interface ParkedRow {
  key: string;
  cause: 'MESSAGE' | 'FOLLOWS' | 'TOPIC';
  state?: 'PARKED' | 'PUBLISHED' | 'DISCARDED';
}

/** Parks all messages of a key, as the owner of its lane does. */
export async function park(client: pg.Client, { key, cause, state = 'PARKED' }: ParkedRow): Promise<void> {
  await client.query(
    `insert into outbox.parked (seq, lane, id, topic, key, type, payload, headers, created_at, cause, code, error, state, settled_at)
     select seq, lane, id, topic, key, type, payload, headers, created_at, $2, 'MESSAGE_TOO_LARGE', 'it is too large', $3,
            case when $3 <> 'PARKED' then now() end
       from outbox.message where key = $1`,
    [key, cause, state],
  );
}

/** Appends messages of keys in one call, the payload of each being its place. */
export async function appendKeys(client: pg.Client, keys: readonly string[]): Promise<void> {
  await client.query(
    `select outbox.append(array_agg('topic'::text), array_agg(key), array_agg('Happened'::text),
                          array_agg(place::text::bytea), array_agg('{}'::jsonb), array_agg(gen_random_uuid()))
       from unnest($1::text[]) with ordinality as message(key, place)`,
    [keys],
  );
}

/** As many keys as asked for, all of one lane. */
export async function keysOfOneLane(client: pg.Client, count: number): Promise<string[]> {
  const { rows } = await client.query<{ key: string }>(
    `select 'key-' || n as key from generate_series(1, 1000) as n where outbox.key_hash('key-' || n) & 15 = 3 limit $1`,
    [count],
  );
  return rows.map(({ key }) => key);
}
