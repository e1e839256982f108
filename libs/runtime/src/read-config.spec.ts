import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { hostPort, integer, postgresUrl } from './config-fields.ts';
import { ConfigError, readConfig } from './read-config.ts';

const schema = z
  .object({
    DATABASE_URL: postgresUrl,
    HTTP_LISTEN: hostPort.default({ host: '127.0.0.1', port: 9101 }),
    RELAY_POLL_MS: integer({ min: 1, max: 60_000 }).default(1000),
  })
  .transform((env) => ({
    databaseUrl: env.DATABASE_URL,
    listen: env.HTTP_LISTEN,
    pollMs: env.RELAY_POLL_MS,
  }));

const DATABASE_URL = 'postgres://app:pw@db/payments';

function problemsOf(env: Record<string, string>): unknown {
  try {
    readConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it("gives values under the application's own names, with defaults for what is not set", () => {
    expect(readConfig(schema, { DATABASE_URL, UNRELATED: 'x' })).toEqual({
      databaseUrl: DATABASE_URL,
      listen: { host: '127.0.0.1', port: 9101 },
      pollMs: 1000,
    });
  });

  it('takes a variable set to nothing for one that is not set', () => {
    expect(readConfig(schema, { DATABASE_URL, HTTP_LISTEN: '', RELAY_POLL_MS: ' ' }).pollMs).toBe(1000);
  });

  it('names every bad variable at once, each with its remedy', () => {
    expect(problemsOf({ HTTP_LISTEN: '9101', RELAY_POLL_MS: '1s' })).toEqual([
      {
        variable: 'DATABASE_URL',
        remedy: expect.stringContaining('is not set: it must be a PostgreSQL URL'),
      },
      { variable: 'HTTP_LISTEN', remedy: 'must be host:port, for example 127.0.0.1:9101, not "9101"' },
      { variable: 'RELAY_POLL_MS', remedy: 'must be a whole number from 1 to 60000, not "1s"' },
    ]);
  });

  it('says so in a message that can be printed as it is', () => {
    expect(() => readConfig(schema, { DATABASE_URL, RELAY_POLL_MS: '0' })).toThrow(
      'The configuration is not usable:\n  RELAY_POLL_MS must be a whole number from 1 to 60000, not "0"',
    );
  });

  it('does not repeat a text that may hold a password', () => {
    expect(JSON.stringify(problemsOf({ DATABASE_URL: 'postgre://app:s3cret@db' }))).not.toContain('s3cret');
  });
});
