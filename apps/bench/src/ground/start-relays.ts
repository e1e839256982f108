import { openWaker } from '@payments/outbox';
import type { Ground } from './ground.ts';
import { startService } from './start-service.ts';

/** Relays of one database, in processes of their own. */
export interface Relays extends AsyncDisposable {
  pids: readonly number[];
  /** Hints to all of them that something was committed; returns at once. */
  wake: () => void;
}

/** They look only when they are woken, so that what is written for them waits until then. */
const held = { RELAY_POLL_MS: '3600000' };

/**
 * Starts relays with their own defaults one after the other, and waits until they are ready.
 * @param options.holds whether they wait to be let go, instead of looking by themselves every second
 */
export async function startRelays(
  ground: Ground,
  options: { databaseUrl: string; count: number; holds: boolean },
): Promise<Relays> {
  const { databaseUrl, count, holds } = options;
  await using opening = new AsyncDisposableStack();
  const waker = opening.use(await openWaker({ databaseUrl }));
  const env = holds ? held : {};
  const pids: number[] = [];
  while (pids.length < count)
    pids.push(opening.use(await startService(ground, { app: 'relay', databaseUrl, env })).pid);
  const open = opening.move();
  return { pids, wake: () => waker.wake(), [Symbol.asyncDispose]: () => open.disposeAsync() };
}
