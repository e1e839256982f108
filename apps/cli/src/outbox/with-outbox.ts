import { connectForStatus, OutboxError, outboxError } from '@payments/outbox';
import { redactSecrets } from '@payments/runtime';
import { readCliConfig } from '../config.ts';
import { findDatabase } from '../find-database.ts';

type Client = Awaited<ReturnType<typeof connectForStatus>>;

/**
 * Does something with the outbox that the options name, on a connection that ends with it.
 * @throws {OutboxError} whose message is a sentence with its remedy; UsageError for a bad URL
 */
export const withOutbox = <Result>(
  option: string | undefined,
  use: (client: Client) => Promise<Result>,
): Promise<Result> =>
  atDatabase(option, async (url) => {
    const client = await connectForStatus(url);
    try {
      return await use(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  });

/** The same for what makes its connection itself. */
export const atDatabase = async <Result>(
  option: string | undefined,
  use: (url: string) => Promise<Result>,
): Promise<Result> => {
  const url = await findDatabase(option, readCliConfig(process.env));
  try {
    return await use(url);
  } catch (error) {
    // What is wrong with our own code is not the database's fault.
    if (error instanceof OutboxError || isDatabaseError(error)) throw withRemedy(outboxError(error), url);
    throw error;
  }
};

/** What pg throws: its errors and Node's have a code; that a connection is lost or gives no answer is a plain Error. */
export const isDatabaseError = (error: unknown): boolean =>
  error instanceof Error &&
  (error.constructor === Error || ('code' in error && typeof error.code === 'string'));

const withRemedy = (error: OutboxError, url: string): OutboxError => {
  const where = redactSecrets(url);
  const say = (message: string) => new OutboxError(error.code, message, { cause: error });
  switch (error.code) {
    case 'DATABASE_UNAVAILABLE':
      return say(
        `${error.message}. It was asked for at ${where}: start it, or name another one with --database.`,
      );
    case 'DATABASE_REFUSED':
      // Where we refused ourselves, the remedy is said.
      return error.cause === undefined ? error : say(`${error.message}, at ${where}${remedyOf(error)}.`);
    case 'SCHEMA_OUTDATED':
    case 'SERVER_UNSUITABLE':
    case 'LOG_INCONSISTENT':
    case 'MISUSE':
      return error;
  }
};

const insufficientPrivilege = '42501';
const wrongPassword = ['28P01', '28000'];
const noSuchDatabase = '3D000';

const remedyOf = ({ cause }: OutboxError): string => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === insufficientPrivilege)
    return ': grant this role SELECT on the tables of schema outbox, and INSERT on outbox.request to ask for something';
  if (wrongPassword.includes(code)) return ': name another role or password with --database';
  return code === noSuchDatabase ? ': name another database with --database' : '';
};
