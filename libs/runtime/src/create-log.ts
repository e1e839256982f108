import { createRequire } from 'node:module';

import { pino } from 'pino';
import type { DestinationStream, Logger, LoggerOptions } from 'pino';
import type pretty from 'pino-pretty';

import { redactSecrets } from './redact-secrets.ts';

/** A structured logger: `log.info({ http: '127.0.0.1:9101' }, 'listening')`. */
export type Log = Logger;

/**
 * The log of a process or of one of its parts: a line of JSON each (ISO time, level by name, `name`, `msg`), or a
 * coloured line for people where standard output is a terminal. Passwords in URLs and Slack webhooks are taken out of
 * whole lines, whatever field or error they came in with.
 * @param options.destination where lines go instead of standard output, for specs
 */
export function createLog(
  name: string,
  options: { level?: string; destination?: DestinationStream } = {},
): Log {
  const settings: LoggerOptions = {
    name,
    level: options.level ?? 'info',
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: redactSecrets },
  };
  const destination = options.destination ?? (process.stdout.isTTY ? prettyStream() : undefined);
  return destination ? pino(settings, destination) : pino(settings);
}

/** Loaded on a terminal only: a service in production never pays for it. */
function prettyStream(): DestinationStream {
  const require = createRequire(import.meta.url);
  const { build } = require('pino-pretty') as typeof pretty;
  return build({ sync: true, ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l' });
}
