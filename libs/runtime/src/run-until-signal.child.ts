/** A process for run-until-signal.int.spec.ts: what its `main` does is chosen by the first argument. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { z } from 'zod';

import { createLog } from './create-log.ts';
import { flushAtExit } from './telemetry/flush-at-exit.ts';
import { readConfig } from './read-config.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { waitFor } from './wait-for.ts';

const log = createLog('child');
const never = new Promise<never>(() => {});
const aborted = (stop: AbortSignal) =>
  new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
const keepAlive = () => setInterval(() => {}, 1000);

const drains = async (stop: AbortSignal) => {
  log.info('up');
  keepAlive().unref();
  await Promise.race([aborted(stop), pause(60_000, undefined, { signal: stop, ref: true }).catch(() => {})]);
  log.info('drained');
};

const mains: Record<string, (stop: AbortSignal) => Promise<void>> = {
  returns: () => Promise.resolve(),
  throws: () => Promise.reject(new Error('the disk is gone')),
  'bad-config': () => Promise.resolve(void readConfig(z.object({ PORT: z.string('is not set') }), {})),
  drains,
  /** Is busy until its standard input ends, and only then learns of the signals that came, of all of them at once. */
  'drains-once-it-is-free': (stop) => {
    log.info('busy');
    readFileSync(0);
    return drains(stop);
  },
  waits: async (stop) => {
    await waitFor('kafka', () => Promise.reject(new Error('refused')), { stop, log });
  },
  'never-ends': async () => {
    keepAlive();
    log.info('up');
    await never;
  },
  leaks: () => Promise.resolve(void keepAlive()),
  'throws-later': async () => {
    setTimeout(() => {
      throw new Error('from a timer');
    }, 1);
    await never;
  },
  'collector-hangs': () => {
    keepAlive();
    flushAtExit(() => never);
    return Promise.resolve();
  },
};

const main = mains[process.argv[2] ?? ''];
if (!main) throw new Error(`unknown main: choose one of ${Object.keys(mains).join(', ')}`);
await runUntilSignal(main, { log });
