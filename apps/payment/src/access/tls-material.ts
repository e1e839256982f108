import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** The content of the files of a TLS server. */
export type TlsMaterial = { cert: Buffer; key: Buffer; clientCa?: Buffer };

/** Why files cannot be used, under the variable that names the one to mend. */
export type TlsProblem = {
  variable: 'GRPC_TLS_CERT' | 'GRPC_TLS_KEY' | 'GRPC_TLS_CLIENT_CA';
  message: string;
};

const valueOf = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/**
 * Every certificate of a PEM file; undefined if it holds none, or one that was cut off. OpenSSL passes over the rest of a
 * file of authorities that it cannot read, without a word.
 */
const certificatesIn = (pem: Buffer): X509Certificate[] | undefined => {
  const text = pem.toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = text.split('-----BEGIN').length - 1;
  const isWhole = blocks.length > 0 && blocks.length === begun;
  return isWhole ? valueOf(() => blocks.map((block) => new X509Certificate(block))) : undefined;
};

/** The last word is OpenSSL's: it refuses what is too weak for its security level, for example. */
const refusalOf = ({ cert, key, clientCa }: TlsMaterial): string | undefined => {
  try {
    createSecureContext({ cert, key, ...(clientCa && { ca: clientCa }) });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

const notCertificates = 'must be the path of whole certificates in PEM';

const checkKey = (certificate: X509Certificate | undefined, key: KeyObject | undefined): TlsProblem[] => {
  const variable = 'GRPC_TLS_KEY';
  if (!key) return [{ variable, message: 'must be the path of a private key in PEM, without a passphrase' }];
  return certificate && !certificate.checkPrivateKey(key)
    ? [{ variable, message: 'is not the key of the certificate in GRPC_TLS_CERT' }]
    : [];
};

/** What keeps a server from using these files; nothing if they are good. */
export const tlsProblems = (material: TlsMaterial): TlsProblem[] => {
  const certificates = certificatesIn(material.cert);
  const problems: TlsProblem[] = [
    ...(certificates ? [] : [{ variable: 'GRPC_TLS_CERT' as const, message: notCertificates }]),
    ...checkKey(
      certificates?.[0],
      valueOf(() => createPrivateKey(material.key)),
    ),
    ...(material.clientCa && !certificatesIn(material.clientCa)
      ? [{ variable: 'GRPC_TLS_CLIENT_CA' as const, message: notCertificates }]
      : []),
  ];
  const refusal = problems.length === 0 ? refusalOf(material) : undefined;
  return refusal === undefined
    ? problems
    : [{ variable: 'GRPC_TLS_CERT', message: `cannot be used: ${refusal}` }];
};

/** Until when the certificate of a server is valid, in ISO 8601. */
export const validUntil = ({ cert }: TlsMaterial): string =>
  new X509Certificate(cert).validToDate.toISOString();
