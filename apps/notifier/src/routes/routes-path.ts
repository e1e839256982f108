import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { hideUrls } from './hide-urls.ts';
import { problemLines, routesFile } from './routes-file.ts';
import type { Routes } from './routes-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `NOTIFIER_ROUTES`: the path of a routes file, to the program what the file says. Anybody may read the file: it names the
 * variables of `env` that hold the webhooks. Each bad field of the file is an issue of its own.
 */
export const routesPath = (env: Environment) =>
  z.string().transform((path, context): Routes => {
    const read = readRoutes(path, env);
    if ('routes' in read) return read;
    for (const message of read.problems) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

function readRoutes(path: string, env: Environment): Routes | { problems: string[] } {
  const { json, problem } = readJson(path);
  if (problem !== undefined) return { problems: [problem] };
  const { data, error } = routesFile(env).safeParse(json);
  return data ?? { problems: problemLines(error).map((line) => `${path}: ${line}`) };
}

function readJson(path: string): { json?: unknown; problem?: string } {
  try {
    return { json: JSON.parse(readFileSync(path, 'utf8')) };
  } catch (error) {
    const { name, message } = error as Error;
    return name === 'SyntaxError'
      ? { problem: `${path}: is not JSON: ${message}` }
      : { problem: `must be the path of a JSON file that this process can read: ${hideUrls(message)}` };
  }
}
