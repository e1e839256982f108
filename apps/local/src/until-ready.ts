import { setTimeout as pause } from 'node:timers/promises';

import type { Service } from './start-service.ts';
import { StackError } from './stack-error.ts';

/** A service that finds its servers is ready in a second or two; it migrates its schema first. */
const limitMs = 60_000;

/** @throws StackError with what `/readyz` says, when the service ends or is not ready in time */
export async function untilReady(
  service: Pick<Service, 'name' | 'listening' | 'ended'>,
  stop: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  let ended: string | undefined;
  void service.ended.then((how) => (ended = how));
  for (;;) {
    const reason = await reasonNotReady(service.listening.http, stop);
    if (reason === undefined) return;
    if (ended) throw new StackError(`${service.name} ended before it was ready (${ended})`);
    if (performance.now() > deadline) throw new StackError(`${service.name} is not ready: ${reason}`);
    await pause(100, undefined, { signal: stop });
  }
}

async function reasonNotReady(address: string, stop: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${address}/readyz`, { signal: stop });
    const text = await response.text();
    return response.ok ? undefined : text.trim();
  } catch (error) {
    stop.throwIfAborted();
    return String(error);
  }
}
