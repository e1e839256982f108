import { openWaker } from '@payments/outbox';
import type { Ground } from '../ground/ground.ts';
import { letGo } from '../ground/let-go.ts';
import { startService } from '../ground/start-service.ts';
import { appendMessages, appendStatement } from '../load/messages.ts';
import { perTransaction } from './mover.ts';
import type { DatabaseMover } from './mover.ts';

/** Waits to be woken, so that it does not begin before all of its messages are there. */
const held = { RELAY_POLL_MS: '3600000' };

/**
 * Our relay on a database of its own, with its own defaults.
 * @param options.holds whether it waits to be let go, instead of looking by itself every second
 */
export async function openRelay(ground: Ground, { holds }: { holds: boolean }): Promise<DatabaseMover> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await ground.database());
  const { url: databaseUrl, client } = database;
  const waker = opening.use(await openWaker({ databaseUrl }));
  const relay = opening.use(
    await startService(ground, { app: 'relay', databaseUrl, env: holds ? held : {} }),
  );
  const open = opening.move();
  return {
    name: 'relay',
    pids: [relay.pid],
    databaseUrl,
    statement: appendStatement,
    committed: () => waker.wake(),
    take: (messages) => appendMessages(client, { ...messages, perTransaction }),
    letGo: () => letGo(client),
    rest: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
