import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { logTail } from '@payments/servers';

/** What an error says, in one line where it is one of ours; with its stack where it is a mistake in the program. */
export function messageOf(error: unknown): string {
  // What failed first, and then its cleaning up.
  if (error instanceof SuppressedError)
    return `${messageOf(error.suppressed)}; and then: ${messageOf(error.error)}`;
  if (error instanceof TypeError || error instanceof ReferenceError) return error.stack ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Prints the last lines that each service has logged, before they go with their folder. */
export async function printLogs(folder: string): Promise<void> {
  for await (const file of glob('*.log', { cwd: folder })) {
    const tail = await logTail(join(folder, file));
    if (tail !== '') console.error(`\n${file} ended with:\n${tail}`);
  }
}
