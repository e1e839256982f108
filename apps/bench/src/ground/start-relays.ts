import { openWaker } from '@payments/outbox';
import type { Ground } from './ground.ts';
import { startService } from './start-service.ts';

/** Relays of one database, in processes of their own. */
export interface Relays extends AsyncDisposable {
  pids: readonly number[];
  /** Hints to all of them that something was committed; returns at once. */
  wake: () => void;
}

/**
 * Starts relays one after the other, and waits until they are ready. With a poll of an hour, as when none is given, they look only
 * when they are woken: what is written for them waits until then.
 */
export async function startRelays(
  ground: Ground,
  options: { databaseUrl: string; count: number; pollMs?: number },
): Promise<Relays> {
  const { databaseUrl, count, pollMs = 3_600_000 } = options;
  await using opening = new AsyncDisposableStack();
  const waker = opening.use(await openWaker({ databaseUrl }));
  const env = { RELAY_POLL_MS: String(pollMs) };
  const pids: number[] = [];
  while (pids.length < count)
    pids.push(opening.use(await startService(ground, { app: 'relay', databaseUrl, env })).pid);
  const open = opening.move();
  return { pids, wake: () => waker.wake(), [Symbol.asyncDispose]: () => open.disposeAsync() };
}
