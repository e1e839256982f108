import { databaseUrl, postgresUrl } from '@payments/runtime';
import type { CliConfig } from './config.ts';
import { readStack } from './read-stack.ts';
import { UsageError } from './usage-error.ts';

/**
 * Where the database is: what was asked for, else `DATABASE_URL`, else the running local system, else the default.
 * @throws UsageError when what was given is not the URL of a PostgreSQL; it does not repeat it, for it holds a password
 */
export const findDatabase = async (option: string | undefined, config: CliConfig): Promise<string> => {
  if (option !== undefined) return checked('--database', option);
  if (config.databaseUrl !== undefined) return checked('DATABASE_URL', config.databaseUrl);
  const { postgres } = await readStack(config.stackFile);
  return typeof postgres?.url === 'string' ? postgres.url : databaseUrl.parse(undefined);
};

const checked = (name: string, url: string): string => {
  const parsed = postgresUrl.safeParse(url);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${name} ${parsed.error.issues[0]?.message ?? 'is not a PostgreSQL URL'}`);
};
