/** Results go to standard output. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Until all results are with their reader, or that has gone: `process.exit` would lose what a slow one has not taken yet. */
export const printed = (): Promise<void> =>
  new Promise((resolve) => process.stdout.write('', () => resolve()));

// A reader that has read enough, as `head` has, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/**
 * A result as JSON. What strangers wrote is escaped where it would move the cursor of a terminal or turn the direction of its text:
 * JSON.stringify escapes those below U+0020 alone. It stays the same value.
 */
export const json = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(/[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/gu, (character) =>
    character.split('').map(escaped).join(''),
  );

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Everything else goes to standard error, so that a script reads results only. */
export const complain = (text: string): void => void process.stderr.write(`${text}\n`);
