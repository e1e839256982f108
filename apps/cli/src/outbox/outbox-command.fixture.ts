import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { migrateOutbox } from '@payments/outbox';
import { throwAwayDatabase } from '@payments/testing';
import pg from 'pg';

/** A command under way. */
export interface Running {
  /** Resolves when standard error holds the text. */
  said: (text: string) => Promise<void>;
  interrupt: () => void;
  /** Reads nothing more of standard output, as `head` does. */
  closeStdout: () => void;
  ended: Promise<{ exitCode: number | null; stdout: string; stderr: string }>;
}

/** Starts the command as a script does: without a terminal. */
export function startOutbox(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const script = join(import.meta.dirname, '../outbox.ts');
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr })),
  );
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stderr.includes(text) && resolve();
      child.stderr.on('data', look);
      look();
      void ended.then(() => reject(new Error(`it ended without saying "${text}": ${stderr}`)));
    });
  return { said, interrupt: () => child.kill('SIGINT'), closeStdout: () => child.stdout.destroy(), ended };
}

/** A throw-away database with an outbox, and a connection to it. */
export async function outboxWithClient() {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await throwAwayDatabase());
  await migrateOutbox({ databaseUrl: url });
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    resources.defer(() => client.end());
    return client;
  };
  const client = await connect();

  /** Appends a message and returns its id. */
  const append = async (key: string, payload: string | Buffer = 'x'): Promise<string> => {
    const { rows } = await client.query<{ id: string }>(
      `select outbox.append('order', $1, 'Placed', $2::bytea) as id`,
      [key, Buffer.from(payload)],
    );
    return rows[0]?.id ?? '';
  };

  /** Parks a key's messages, as the owner of its lane does. */
  const park = (key: string) =>
    client.query(
      `insert into outbox.parked (seq, lane, id, topic, key, type, payload, headers, created_at, cause, code, error)
       select seq, lane, id, topic, key, type, payload, headers, created_at, 'MESSAGE', 'MESSAGE_TOO_LARGE', 'it is too large'
         from outbox.message where key = $1`,
      [key],
    );

  /** Holds the locks of all lanes (their class is in libs/outbox/src/advisory-locks.ts), and does nothing else. */
  const ownLanes = async (): Promise<pg.Client> => {
    const owner = await connect();
    await owner.query('select pg_advisory_lock(1329747970, lane) from generate_series(0, 15) as lane');
    return owner;
  };

  return { url, client, append, park, ownLanes, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
