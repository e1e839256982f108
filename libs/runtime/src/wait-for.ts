import { setTimeout as pause } from 'node:timers/promises';

import { backoff } from './backoff.ts';
import type { Health } from './open-health.ts';
import { redactSecrets } from './redact-secrets.ts';

/** The part of a logger that {@link waitFor} needs. */
type AttemptLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

/**
 * Tries `attempt` until it succeeds, and returns what it returned: a service that starts before its database or its
 * broker waits for them, and comes good by itself. One log line for each failed attempt; the pause between them grows
 * from `minMs` to `maxMs`, jittered. While it waits, `/readyz` says why; when it succeeds, `name` is ready.
 * @throws the reason of `stop` once that is aborted
 */
export async function waitFor<T>(
  name: string,
  attempt: () => Promise<T>,
  options: {
    stop: AbortSignal;
    log: AttemptLog;
    health?: Pick<Health, 'ready' | 'notReady'>;
    minMs?: number;
    maxMs?: number;
    random?: () => number;
  },
): Promise<T> {
  const { stop, log, health, minMs = 250, maxMs = 10_000, random = Math.random } = options;
  for (let failures = 1; ; failures += 1) {
    stop.throwIfAborted();
    try {
      const result = await attempt();
      if (failures > 1) log.info({ attempt: failures }, `${name} is there`);
      health?.ready(name);
      return result;
    } catch (error) {
      if (stop.aborted) throw error;
      const reason = redactSecrets(describeError(error));
      const pauseMs = backoff(failures, { minMs, maxMs, random });
      health?.notReady(name, reason);
      log.warn({ attempt: failures, pauseMs, reason }, `waiting for ${name}`);
      await pause(pauseMs, undefined, { signal: stop });
    }
  }
}

/** An AggregateError, as Node throws when a host has two addresses, has no message of its own. */
function describeError(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeError).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}
