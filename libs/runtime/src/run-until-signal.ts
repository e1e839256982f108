import { createLog } from './create-log.ts';
import type { Log } from './create-log.ts';
import { flushNow } from './telemetry/flush-at-exit.ts';
import { ConfigError } from './read-config.ts';

/** Exit codes of a process that a second signal ended at once: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * A signal that comes again within this time, in milliseconds, is the same one: on Ctrl-C the terminal signals every
 * process in the foreground, and npm, which is one of them, hands it on to its script once more.
 */
const sameSignalMs = 300;

/** How long, in milliseconds, after its end a process may still hold something open before it is ended. */
const lingerMs = 3000;

/**
 * The frame of every process. Runs `main` and sets the exit code: 0 when `main` returns, also after it was told to
 * stop; 1 when it throws. SIGINT, SIGTERM and SIGHUP (the terminal is gone) abort `stop`, and `main` then finishes what
 * it took and closes; a second signal ends the process at once with 130, 143 or 129. A {@link ConfigError} is printed as it is, without a stack; any
 * other error is logged. Telemetry is flushed last, for at most 2 s.
 */
export async function runUntilSignal(
  main: (stop: AbortSignal) => Promise<void>,
  { log = createLog('main') }: { log?: Log } = {},
): Promise<void> {
  const stop = stopOnSignal(log);
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error nobody caught; ending');
    void flushNow().finally(() => process.exit(1));
  });
  try {
    await main(stop);
  } catch (error) {
    if (!isStop(error, stop)) fail(error, log);
  }
  if (!(await flushNow())) process.exit();
  endEvenIfSomethingIsOpen(log);
}

/** The handlers stay to the end of the process: without them a repeated signal that comes late would kill it. */
function stopOnSignal(log: Log): AbortSignal {
  const controller = new AbortController();
  let first = -Infinity;
  const onSignal = (signal: keyof typeof exitCodes) => {
    if (performance.now() - first < sameSignalMs) return;
    if (controller.signal.aborted) process.exit(exitCodes[signal]);
    first = performance.now();
    log.info({ signal }, 'stopping; a second signal ends at once');
    controller.abort(new DOMException(`stopped by ${signal}`, 'AbortError'));
  };
  for (const signal of Object.keys(exitCodes)) process.on(signal, onSignal);
  return controller.signal;
}

/** Whether `error` is only how the wish to stop came back out of an awaited call. */
function isStop(error: unknown, stop: AbortSignal): boolean {
  return stop.aborted && (error === stop.reason || (error instanceof Error && error.name === 'AbortError'));
}

function fail(error: unknown, log: Log): void {
  process.exitCode = 1;
  if (error instanceof ConfigError) console.error(error.message);
  else log.fatal({ err: error }, 'ended by an error');
}

/** A process that has finished should end by itself. What keeps it alive is a leak: it is named, and not waited for. */
function endEvenIfSomethingIsOpen(log: Log): void {
  const timer = setTimeout(() => {
    log.warn({ open: process.getActiveResourcesInfo() }, 'finished, but something is still open; ending');
    process.exit();
  }, lingerMs);
  timer.unref();
}
