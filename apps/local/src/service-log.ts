import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A line of a service's log, as far as the stack reads it. Lines that are no JSON have a text only. */
export type LogLine = { level?: string; msg?: string; [field: string]: unknown };

/** Levels that are shown on the terminal, and how: pino's `warn` and above. */
const loud = new Set(['warn', 'error', 'fatal']);

/**
 * Copies what a service prints into its log file, and hands on each line. Warnings, errors and whatever is no JSON (a
 * stack of Node itself, bad configuration) are echoed, so that trouble is seen without opening a file.
 */
export function followServiceLog(options: {
  outputs: readonly Readable[];
  logFile: string;
  onLine: (line: LogLine) => void;
  echo: (text: string) => void;
}): void {
  const file = createWriteStream(options.logFile, { flags: 'a' });
  for (const output of options.outputs) {
    createInterface(output).on('line', (text) => {
      file.write(`${text}\n`);
      const line = parseLine(text);
      const shown = describeLine(line);
      if (shown) options.echo(shown);
      options.onLine(line);
    });
  }
}

function parseLine(text: string): LogLine {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === 'object') return parsed as LogLine;
  } catch {
    // Not JSON: told as it is.
  }
  return { text };
}

/** What of a line belongs on the terminal; undefined: nothing. */
export function describeLine(line: LogLine): string | undefined {
  if (typeof line['text'] === 'string') return line['text'].trim() || undefined;
  if (!loud.has(line.level ?? '')) return undefined;
  const error = line['err'] as { message?: string } | undefined;
  const reason = typeof line['reason'] === 'string' ? line['reason'] : error?.message;
  return [line.msg ?? line.level, reason].filter(Boolean).join(': ');
}
