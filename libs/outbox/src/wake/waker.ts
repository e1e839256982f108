import type pg from 'pg';
import { endConnection, openConnection } from '../connection.ts';
import { outboxError } from '../errors.ts';
import { wakeChannel } from './channel.ts';

/** Wakes the relays after a commit. */
export interface Waker extends AsyncDisposable {
  /** Hints that something was committed. Returns at once, never throws; a hint that is lost costs one poll interval. */
  wake(): void;
}

/** Where to hint. `log` gets a line when the connection is lost. */
export interface WakerOptions {
  databaseUrl: string;
  log?: (line: string) => void;
}

/**
 * Opens the waker: NOTIFY on a connection of its own, after the commit. Inside the business transaction a NOTIFY takes
 * a lock over the whole cluster at commit: 2,531 commits per second became 1,037. Many hints become one: while a NOTIFY
 * is under way, one more is remembered.
 * @throws {OutboxError} DATABASE_UNAVAILABLE when the first connection fails.
 */
export async function openWaker(options: WakerOptions): Promise<Waker> {
  const log = options.log ?? (() => undefined);
  let client: pg.Client | undefined = await connect(options.databaseUrl);
  let sending: Promise<void> | undefined;
  let again = false;
  let closed = false;

  async function send(): Promise<void> {
    do {
      again = false;
      try {
        client ??= await connect(options.databaseUrl);
        await client.query(`notify ${wakeChannel}`);
      } catch (thrown) {
        log(
          `hint not sent, the relay will find the messages at its next poll: ${outboxError(thrown).message}`,
        );
        const broken = client;
        client = undefined;
        if (broken) await endConnection(broken);
      }
    } while (again && !closed);
    sending = undefined;
  }

  return {
    wake() {
      if (closed) return;
      again = true;
      sending ??= send();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await sending;
      if (client) await endConnection(client);
    },
  };
}

const connect = (databaseUrl: string): Promise<pg.Client> =>
  openConnection({ databaseUrl, name: 'outbox waker', connectTimeoutMs: 5000, answerTimeoutMs: 5000 }).catch(
    (thrown: unknown) => {
      throw outboxError(thrown);
    },
  );
