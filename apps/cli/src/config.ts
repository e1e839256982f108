import { resolve } from 'node:path';

/** The root of the repository. */
const repositoryRoot = resolve(import.meta.dirname, '../../..');

/** What the commands are told by their environment. */
export type CliConfig = {
  /** `PAYMENT_ADDRESS`: where the payment service is. */
  paymentAddress?: string;
  /** `DATABASE_URL`: where the outbox is. */
  databaseUrl?: string;
  /** Written by `npm start` into its state folder (`LOCAL_STATE_DIR`, else `.local`), absent while that is down. */
  stackFile: string;
};

/** Reads the environment. A variable that is set to nothing counts as not set. */
export const readCliConfig = (env: Readonly<Record<string, string | undefined>>): CliConfig => ({
  ...(env.PAYMENT_ADDRESS && { paymentAddress: env.PAYMENT_ADDRESS }),
  ...(env.DATABASE_URL && { databaseUrl: env.DATABASE_URL }),
  stackFile: resolve(repositoryRoot, env.LOCAL_STATE_DIR || '.local', 'stack.json'),
});
