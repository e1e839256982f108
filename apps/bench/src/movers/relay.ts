import { openWaker } from '@payments/outbox';
import type { Ground } from '../ground/ground.ts';
import { startService } from '../ground/start-service.ts';
import { appendMessages } from '../load/messages.ts';
import { perTransaction } from './mover.ts';
import type { Mover } from './mover.ts';

/** It begins when it is woken, and not before all of the messages are there. */
const held = { RELAY_POLL_MS: '3600000' };

/** Our relay, with its own defaults but for the poll, on a database of its own. */
export async function openRelay(
  ground: Ground,
  { env = {} }: { env?: Readonly<Record<string, string>> } = {},
): Promise<Mover> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await ground.database());
  const waker = opening.use(await openWaker({ databaseUrl: database.url }));
  const settings = { app: 'relay' as const, databaseUrl: database.url, env: { ...held, ...env } };
  const relay = opening.use(await startService(ground, settings));
  const open = opening.move();
  return {
    name: 'relay',
    pids: [relay.pid],
    take: (messages) => appendMessages(database.client, { ...messages, perTransaction }),
    letGo: () => Promise.resolve(waker.wake()),
    rest: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
