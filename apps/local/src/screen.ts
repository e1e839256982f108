import { styleText } from 'node:util';

/** The terminal. Colours are left out where standard output is not one, and with `NO_COLOR`. */
export type Screen = {
  line(text?: string): void;
  /** A line under a heading: its name in a column of its own. */
  row(name: string, text: string): void;
  heading(text: string): void;
  warn(text: string): void;
  /** Announces a piece of work, and says how long it took, in seconds, or that it failed. */
  step<T>(
    name: string,
    work: (progress: (text: string) => void) => Promise<T>,
    done: (result: T) => string,
  ): Promise<T>;
};

/** How a text looks. */
type Style = Parameters<typeof styleText>[0];

const style = (format: Style, text: string) => styleText(format, text, { stream: process.stdout });

/** Room for the longest name of a row: `Slack stand-in`. */
const nameWidth = 16;

/** Writes to standard output. `write` is replaced in specs. */
export function openScreen(write: (text: string) => void = (text) => process.stdout.write(text)): Screen {
  const line = (text = '') => write(`${text}\n`);
  const row = (name: string, text: string) => line(`  ${style('bold', name.padEnd(nameWidth))}${text}`);
  return {
    line,
    row,
    heading: (text) => line(`\n${style(['bold', 'cyan'], text)}`),
    warn: (text) => line(style('yellow', `! ${text}`)),
    step: async (name, work, done) => {
      const started = performance.now();
      const result = await work((text) => line(style('gray', `    ${text.trim()}`)));
      const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`;
      row(name, `${done(result)} ${style('gray', `(${seconds})`)}`);
      return result;
    },
  };
}
