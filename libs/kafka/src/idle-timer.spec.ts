import { createHook } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

/** What this spec touches of kafkajs's internal class. */
type RequestQueue = { pending: unknown[]; checkPendingRequests(): void; destroy(): void };

const require = createRequire(import.meta.url);
const Queue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => RequestQueue;

/** How many timers are armed while `during` runs. */
async function timersArmed(during: () => Promise<void>): Promise<number> {
  let armed = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'Timeout') armed += 1;
    },
  }).enable();
  await during();
  hook.disable();
  return armed;
}

function openQueue(): RequestQueue {
  const logger = { debug: () => undefined };
  return new Queue({ maxInFlightRequests: 1, requestTimeout: 1000, enforceRequestTimeout: false, logger });
}

describe('the request queue of kafkajs, as patched', () => {
  it('arms no timer while nothing is pending', async () => {
    const queue = openQueue();
    const armed = await timersArmed(async () => {
      queue.checkPendingRequests();
      await pause(100);
    });
    queue.destroy();
    expect(armed).toBe(1); // the pause above
  });
});
