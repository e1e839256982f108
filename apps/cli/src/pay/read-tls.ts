import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PaymentClientOptions } from '@payments/contracts';
import type { CliConfig } from '../config.ts';
import { UsageError } from '../usage-error.ts';

type Tls = NonNullable<PaymentClientOptions['tls']>;

/** What was typed about TLS. */
export type TlsOptions = { tls?: boolean; tlsCa?: string; tlsCert?: string; tlsKey?: string };

/** A path, and the option or variable that it came from. */
type Source = { name: string; path: string };

/**
 * How to encrypt the connection; undefined: not at all. Options go before variables, and a file of either asks for TLS.
 * @throws UsageError that names what cannot be read, or is no certificate or key
 */
export const readTls = (options: TlsOptions, config: CliConfig): Tls | undefined => {
  const ca = source('--tls-ca', options.tlsCa, 'PAYMENT_TLS_CA', config.paymentTlsCa);
  const cert = source('--tls-cert', options.tlsCert, 'PAYMENT_TLS_CERT', config.paymentTlsCert);
  const key = source('--tls-key', options.tlsKey, 'PAYMENT_TLS_KEY', config.paymentTlsKey);
  if (!(options.tls ?? (wantedByVariable(config) || ca || cert || key))) return undefined;
  if (Boolean(cert) !== Boolean(key))
    throw new UsageError(
      `${(cert ?? key)?.name} stands alone: a certificate of your own and its key go together (--tls-cert, --tls-key)`,
    );
  return {
    ...(ca && { ca: pem(ca, 'certificate', (text) => new X509Certificate(text)) }),
    ...(cert && { cert: pem(cert, 'certificate', (text) => new X509Certificate(text)) }),
    ...(key && { key: pem(key, 'private key without a passphrase', (text) => createPrivateKey(text)) }),
  };
};

const source = (
  option: string,
  typed: string | undefined,
  variable: string,
  set: string | undefined,
): Source | undefined => {
  if (typed !== undefined) return { name: option, path: typed };
  return set === undefined ? undefined : { name: variable, path: set };
};

const wantedByVariable = ({ paymentTls }: CliConfig): boolean => {
  const value = paymentTls?.toLowerCase() ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw new UsageError(`PAYMENT_TLS is "${paymentTls}": it must be true or false`);
};

/** The content is not quoted, for it may be a key. */
const pem = ({ name, path }: Source, what: string, parse: (text: Buffer) => unknown): Buffer => {
  const content = readBytes({ name, path });
  try {
    parse(content);
  } catch (cause) {
    throw new UsageError(`${name} is "${path}": that file is no ${what} in PEM`, { cause });
  }
  return content;
};

/** @throws UsageError that names the file and where its name came from */
export const readBytes = ({ name, path }: Source): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`${name} is "${path}": that file cannot be read (${reason})`, { cause });
  }
};
