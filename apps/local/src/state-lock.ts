import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { StackError } from './stack-error.ts';

/** Who holds a state folder. */
type Holder = { pid: number; command: string; since: string };

/**
 * Takes a state folder for this process alone. The lock is the operating system's, on an SQLite file: it is gone with
 * its process however that ends, and a process that was given the same id later is not taken for the holder.
 * @throws StackError that names the process that holds it
 */
export function lockStateFolder(folder: string, command: string): Disposable {
  const holderFile = join(folder, 'holder.json');
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error;
    throw new StackError(refusal(folder, readHolder(holderFile)), { cause: error });
  }
  const holder: Holder = { pid: process.pid, command, since: new Date().toISOString() };
  writeFileSync(holderFile, JSON.stringify(holder));
  return { [Symbol.dispose]: () => database.close() };
}

/** https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

function refusal(folder: string, holder: Holder | undefined): string {
  const who = holder ? `${holder.command} (process ${holder.pid}, since ${holder.since})` : 'another process';
  return `A stack is already running on ${folder}: ${who}. Stop it with Ctrl-C there first.`;
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined; // It was locked a moment ago and is not written yet.
  }
}
