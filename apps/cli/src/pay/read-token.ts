import type { CliConfig } from '../config.ts';
import { UsageError } from '../usage-error.ts';
import { readBytes } from './read-tls.ts';

/** Visible ASCII: what a header takes. */
const token = /^[\x21-\x7e]+$/;

/**
 * The bearer token: of the file, else of `PAYMENT_TOKEN`, else none.
 * @throws UsageError that names where it came from, and never repeats it
 */
export const readToken = (tokenFile: string | undefined, config: CliConfig): string | undefined => {
  if (tokenFile === undefined) {
    return config.paymentToken === undefined ? undefined : checked('PAYMENT_TOKEN', config.paymentToken);
  }
  const name = '--token-file';
  return checked(`${name} "${tokenFile}"`, readBytes({ name, path: tokenFile }).toString());
};

const checked = (name: string, text: string): string => {
  const trimmed = text.trim();
  if (token.test(trimmed)) return trimmed;
  throw new UsageError(`${name} holds no token: it must be one line of visible characters`);
};
