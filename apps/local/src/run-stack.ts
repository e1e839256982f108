import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { ConfigError, createLog, runUntilSignal } from '@payments/runtime';
import { ServerError } from '@payments/servers';

import { readLocalConfig } from './config.ts';
import type { LocalConfig } from './config.ts';
import { keepParts } from './parts.ts';
import type { Parts } from './parts.ts';
import { openScreen } from './screen.ts';
import type { Screen } from './screen.ts';
import { StackError } from './stack-error.ts';
import { removeStackFile } from './stack-file.ts';
import { lockStateFolder } from './state-lock.ts';

/** What every command that boots a stack works with. `stop`: somebody asked for the end, or a part of it ended. */
export type Stack = { config: LocalConfig; screen: Screen; parts: Parts; stop: AbortSignal };

/** The exit code of a command that was stopped before it was up, as shells give it after Ctrl-C. */
const interrupted = 130;

/** Said last, once nothing of the stack lives, by whoever asked for its end. */
const stopped = 'Everything is stopped.';

/**
 * The frame of `npm start` and `npm run servers`: reads the configuration, takes the state folder (emptied with
 * `fresh`), runs `main`, and says how it ended. Exit codes: 0 when `main` returns, which after Ctrl-C it does once
 * everything was up; 130 when it was stopped before that; 1 when anything failed or a part of the stack ended, with one
 * clear message. A second Ctrl-C kills what still lives.
 */
export async function runStack(
  options: { command: string; fresh: boolean },
  main: (stack: Stack) => Promise<void>,
): Promise<void> {
  const screen = openScreen();
  const parts = keepParts((message) => screen.warn(`${message} Stopping the rest.`));
  process.once('exit', () => parts.killAll());
  // The terminal may be gone while everything is still being stopped.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  await runUntilSignal(
    async (asked) => {
      asked.addEventListener('abort', () => {
        parts.expectEnds();
        screen.line('\nStopping. Ctrl-C again ends everything at once.');
      });
      try {
        await holdingState(options, { screen, parts, stop: AbortSignal.any([asked, parts.broken]) }, main);
        parts.broken.throwIfAborted();
      } catch (error) {
        // What fails while everything is being stopped, as asked, fails because of that.
        const interruption = asked.aborted && !parts.broken.aborted;
        if (interruption) screen.line(stopped);
        process.exitCode = interruption ? interrupted : tell(parts.broken.reason ?? error);
      }
    },
    { log: createLog('local', { level: 'fatal' }) },
  );
}

async function holdingState(
  { command, fresh }: { command: string; fresh: boolean },
  stack: Omit<Stack, 'config'>,
  main: (stack: Stack) => Promise<void>,
): Promise<void> {
  const config = readLocalConfig(process.env);
  await mkdir(config.stateDir, { recursive: true });
  using _lock = lockStateFolder(config.stateDir, command);
  await removeStackFile(config.stateDir);
  if (fresh) await empty(config.stateDir);
  await main({ ...stack, config });
  stack.screen.line(stopped);
}

/** Everything of earlier runs goes; the lock, which we hold, stays. */
async function empty(folder: string): Promise<void> {
  const old = (await readdir(folder)).filter((name) => name !== 'lock' && name !== 'holder.json');
  await Promise.all(old.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** Says what went wrong, and gives the exit code for it. */
function tell(error: unknown): number {
  const known = error instanceof Error ? error : new Error(String(error));
  console.error(`\n${isOurs(known) ? known.message : known.stack}`);
  return 1;
}

/** Errors whose message says everything to a person; of any other the stack helps. */
function isOurs(error: unknown): boolean {
  return error instanceof StackError || error instanceof ConfigError || error instanceof ServerError;
}
