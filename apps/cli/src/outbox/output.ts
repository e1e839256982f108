/** Results go to standard output. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Everything else goes to standard error, so that a script reads results only. */
export const complain = (text: string): void => void process.stderr.write(`${text}\n`);
