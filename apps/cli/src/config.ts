import { resolve } from 'node:path';

/** The root of the repository. */
const repositoryRoot = resolve(import.meta.dirname, '../../..');

/** What the commands are told by their environment. */
export type CliConfig = {
  /** `PAYMENT_ADDRESS`: where the payment service is. */
  paymentAddress?: string;
  /** `PAYMENT_TLS`: `true` or `false`, as it was typed. */
  paymentTls?: string;
  /** `PAYMENT_TLS_CA`, `PAYMENT_TLS_CERT`, `PAYMENT_TLS_KEY`: paths of PEM files. */
  paymentTlsCa?: string;
  paymentTlsCert?: string;
  paymentTlsKey?: string;
  /** `PAYMENT_TOKEN`: a bearer token. A secret. */
  paymentToken?: string;
  /** `DATABASE_URL`: where the outbox is. */
  databaseUrl?: string;
  /** Written by `npm start` into its state folder (`LOCAL_STATE_DIR`, else `.local`), absent while that is down. */
  stackFile: string;
};

/** Reads the environment. A variable that is set to nothing counts as not set. */
export const readCliConfig = (env: Readonly<Record<string, string | undefined>>): CliConfig => ({
  ...(env.PAYMENT_ADDRESS && { paymentAddress: env.PAYMENT_ADDRESS }),
  ...(env.PAYMENT_TLS && { paymentTls: env.PAYMENT_TLS }),
  ...(env.PAYMENT_TLS_CA && { paymentTlsCa: env.PAYMENT_TLS_CA }),
  ...(env.PAYMENT_TLS_CERT && { paymentTlsCert: env.PAYMENT_TLS_CERT }),
  ...(env.PAYMENT_TLS_KEY && { paymentTlsKey: env.PAYMENT_TLS_KEY }),
  ...(env.PAYMENT_TOKEN && { paymentToken: env.PAYMENT_TOKEN }),
  ...(env.DATABASE_URL && { databaseUrl: env.DATABASE_URL }),
  stackFile: resolve(repositoryRoot, env.LOCAL_STATE_DIR || '.local', 'stack.json'),
});
