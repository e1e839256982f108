import { createInterface } from 'node:readline/promises';
import { UsageError } from '../usage-error.ts';

/** Where a question is asked and answered. */
export type Terminal = {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean };
};

/**
 * Says what will happen and asks whether it shall. Whatever is not a yes is a no, the end of the input and Ctrl-C too.
 * @throws UsageError where there is no terminal to ask on
 */
export const confirm = async (what: string, { input, output }: Terminal): Promise<boolean> => {
  if (!input.isTTY || !output.isTTY) {
    throw new UsageError(`${what} There is no terminal to ask on: say --yes to do it`);
  }
  const asking = createInterface({ input, output });
  const over = new AbortController();
  // Left alone, Ctrl-C and the end of the input would leave the question unanswered, and the process without work.
  const end = () => over.abort();
  asking.once('SIGINT', end).once('close', end);
  try {
    return /^y(es)?$/i.test((await asking.question(`${what} Go on? [y/N] `, { signal: over.signal })).trim());
  } catch (error) {
    if (over.signal.aborted) return false;
    throw error;
  } finally {
    asking.close();
  }
};
