import type pg from 'pg';
import { endConnection } from '../connection.ts';
import { outboxError } from '../errors.ts';
import { connectForStatus } from './connect.ts';
import { readFigures, type OutboxFigures } from './read-figures.ts';

/** Reads the figures again and again. */
export interface FiguresReader extends AsyncDisposable {
  /**
   * Reads them now, one call at a time.
   * @throws {OutboxError} of whatever kind; the next call begins with another connection
   */
  read(): Promise<OutboxFigures>;
}

/**
 * Keeps one connection for the figures, made when they are first asked for: beside the relay's session, which is for what its
 * lanes' locks fence, and which a slow look would hold up.
 * @param options.answerWithinMs bounds each statement, here and at the server, and the making of the connection
 */
export function openFigures(options: { databaseUrl: string; answerWithinMs: number }): FiguresReader {
  const { databaseUrl, answerWithinMs } = options;
  let kept: pg.Client | undefined;
  let closed = false;
  const forget = async (client: pg.Client) => {
    if (kept === client) kept = undefined;
    await endConnection(client);
  };
  const connect = async (): Promise<pg.Client> => {
    const client = await connectForStatus(databaseUrl, { name: 'outbox figures', answerWithinMs });
    // Of a server that ended it meanwhile nothing is to be asked through it.
    client.once('end', () => void forget(client));
    if (closed) await forget(client);
    else kept = client;
    return client;
  };
  return {
    async read() {
      const client = kept ?? (await connect());
      try {
        return await readFigures(client);
      } catch (thrown) {
        void forget(client);
        throw outboxError(thrown);
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      if (kept) await forget(kept);
    },
  };
}
