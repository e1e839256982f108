import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { json, print } from './output.ts';

/** Said after whatever was typed wrong. */
export const moreHelp = '(--help explains)';

/** An error for `--json`. */
export const jsonError = (code: string, message: string): string => json({ error: { code, message } });

/** Has a program say what was typed wrong, as JSON too where that was asked for, and where help is. */
export const sayUsageErrors = (program: Command): Command =>
  program
    .configureOutput({
      outputError: (text, write) => {
        if (process.argv.includes('--json')) print(jsonError('USAGE', text.trim()));
        write(text);
      },
    })
    .showHelpAfterError(moreHelp);

/** Reads how many at most: a whole number from 1 to `most`. */
export const limitUpTo =
  (most: number) =>
  (text: string): number => {
    const isShort = text.length <= String(most).length;
    if (isShort && /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It must be a number from 1 to ${most}.`);
  };
