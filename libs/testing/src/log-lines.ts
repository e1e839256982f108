import { createInterface } from 'node:readline';

/** One printed line. */
export interface LogLine {
  text: string;
  /** Its fields, when it is a JSON object; else empty. */
  fields: Readonly<Record<string, unknown>>;
}

/** Part of a line, or a test of one. */
export type Match = string | ((line: LogLine) => boolean);

/** The lines that a process has printed and will print. */
export interface LogLines {
  lines: readonly LogLine[];
  /** The first line that matches, from the very first on. @throws Error when there is none in time, or the process ended. */
  wait: (match: Match, options?: { timeoutMs?: number }) => Promise<LogLine>;
  /** The last 30 lines. */
  tail: () => string;
}

/** Collects the lines of a process's outputs, as they come. */
export function followLines(outputs: readonly NodeJS.ReadableStream[], ended: Promise<string>): LogLines {
  const lines: LogLine[] = [];
  const waiting = new Set<(line: LogLine) => void>();
  for (const output of outputs) {
    createInterface({ input: output, crlfDelay: Infinity }).on('line', (text) => {
      const line = { text, fields: parse(text) };
      lines.push(line);
      for (const see of waiting) see(line);
    });
  }
  const tail = () =>
    lines
      .map(({ text }) => text)
      .slice(-30)
      .join('\n');
  const wait = async (match: Match, { timeoutMs = 60_000 } = {}) => {
    const matches = typeof match === 'string' ? ({ text }: LogLine) => text.includes(match) : match;
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const fail = (why: string) => {
      reject(new Error(`${why} before it printed ${String(match)}. Its last lines:\n${tail()}`));
    };
    const see = (line: LogLine) => {
      if (matches(line)) resolve(line);
    };
    waiting.add(see);
    lines.forEach(see);
    const timer = setTimeout(fail, timeoutMs, `${timeoutMs} ms went by`);
    void ended.then((how) => {
      fail(`it ended with ${how}`);
    });
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(see);
    });
  };
  return { lines, wait, tail };
}

function parse(text: string): Record<string, unknown> {
  if (!text.startsWith('{')) return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
