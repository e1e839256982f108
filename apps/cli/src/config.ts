import { join } from 'node:path';

/** What the commands are told by their environment. */
export type CliConfig = {
  /** `PAYMENT_ADDRESS`: where the payment service is. */
  paymentAddress?: string;
  /** Written by `npm start`, absent while the local system is down. */
  stackFile: string;
};

/** Reads the environment. A variable that is set to nothing counts as not set. */
export const readCliConfig = (env: Readonly<Record<string, string | undefined>>): CliConfig => ({
  ...(env.PAYMENT_ADDRESS && { paymentAddress: env.PAYMENT_ADDRESS }),
  stackFile: join(import.meta.dirname, '../../../.local/stack.json'),
});
