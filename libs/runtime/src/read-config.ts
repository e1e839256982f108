import type { z } from 'zod';

/** Thrown by {@link readConfig}. The message is for people: one line for each bad variable, with its remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** The name of each bad variable and what to do about it. */
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(describe(problems));
    this.problems = problems;
  }
}

/** One bad variable. */
export type ConfigProblem = { variable: string; remedy: string };

/**
 * Reads and checks configuration. The keys of the schema are the names of environment variables; `.transform()` the
 * object to give them the application's own names. A variable that is set to nothing counts as not set, since that
 * is what `NAME=` in a compose file or a shell means.
 * @throws ConfigError that names every bad variable at once, so that nobody mends them one start at a time.
 */
export function readConfig<T extends z.ZodType>(
  schema: T,
  env: Readonly<Record<string, string | undefined>>,
): z.output<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map(toProblem));
}

function toProblem(issue: z.core.$ZodIssue): ConfigProblem {
  return { variable: issue.path.join('.') || 'environment', remedy: issue.message };
}

function describe(problems: readonly ConfigProblem[]): string {
  const lines = problems.map(({ variable, remedy }) => `  ${variable} ${remedy}`);
  return ['The configuration is not usable:', ...lines].join('\n');
}
