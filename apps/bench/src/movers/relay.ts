import type { Ground } from '../ground/ground.ts';
import { letGo } from '../ground/let-go.ts';
import { startRelays } from '../ground/start-relays.ts';
import { appendMessages, appendStatement } from '../load/messages.ts';
import { perTransaction } from './mover.ts';
import type { DatabaseMover } from './mover.ts';

/**
 * Our relay on a database of its own, with its own defaults.
 * @param options.holds whether it waits to be let go, instead of looking by itself every second
 */
export async function openRelay(ground: Ground, { holds }: { holds: boolean }): Promise<DatabaseMover> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await ground.database());
  const { url: databaseUrl, client } = database;
  const relays = opening.use(await startRelays(ground, { databaseUrl, count: 1, holds }));
  const open = opening.move();
  return {
    name: 'relay',
    pids: relays.pids,
    databaseUrl,
    statement: appendStatement,
    committed: relays.wake,
    take: (messages) => appendMessages(client, { ...messages, perTransaction }),
    letGo: () => letGo(client),
    rest: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
