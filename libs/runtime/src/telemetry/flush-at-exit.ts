/** What must still get out of the process before it ends: telemetry registers itself here from the preload. */
const flushes = new Set<() => Promise<void>>();

/** Has `flush` called once when the process is about to end. */
export function flushAtExit(flush: () => Promise<void>): void {
  flushes.add(flush);
}

/**
 * Flushes everything registered, once, and gives up after `limitMs` milliseconds: a collector that does not answer
 * must not hold a process that was told to stop. Never rejects.
 * @returns whether it was done in time; if not, something still tries, and keeps the process alive until it is ended
 */
export async function flushNow({ limitMs = 2000 }: { limitMs?: number } = {}): Promise<boolean> {
  const pending = [...flushes].map((flush) => flush());
  flushes.clear();
  if (pending.length === 0) return true;
  const limit = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => limit.resolve(false), limitMs);
  const inTime = await Promise.race([Promise.allSettled(pending).then(() => true), limit.promise]);
  clearTimeout(timer);
  return inTime;
}
