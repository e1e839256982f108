import { format } from 'node:util';
import type { Log } from '@payments/runtime';

/**
 * Brings into the log what libraries print past it. Kysely, below MikroORM, prints on stderr when a statement fails whose
 * call was cancelled while it ran: lines that are no JSON, with no time, and with whatever the error says, where nobody
 * takes out secrets. It has no setting for that. Disposing gives the console back.
 */
export const logConsole = (log: Pick<Log, 'warn'>): Disposable => {
  const { error, warn } = console;
  const print = (...printed: unknown[]) => log.warn({ printed: format(...printed) }, 'a library printed');
  Object.assign(console, { error: print, warn: print });
  return { [Symbol.dispose]: () => void Object.assign(console, { error, warn }) };
};
