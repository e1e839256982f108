import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate and its private key, PEM. */
export type Pair = { cert: string; key: string };

const settings = { keyType: 'ec', algorithm: 'sha256' } as const;

/** An authority of a spec’s own: certificates that it signed are trusted by whoever is given its `cert`. */
export const makeAuthority = async (name: string): Promise<Pair> => {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...settings,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return { cert: `${made.cert.trim()}\n`, key: made.private };
};

/** A certificate that an authority signed, of a server on this machine or of a client. */
export const makePair = async (ca: Pair, name: string): Promise<Pair> => {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...settings,
    ca,
    extensions: [
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert: `${made.cert.trim()}\n`, key: made.private };
};

/** Writes a pair into a folder, as `tls.crt` and `tls.key`, and returns their paths. */
export const writePair = (folder: string, { cert, key }: Pair): { cert: string; key: string } => {
  const paths = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  writeFileSync(paths.cert, cert);
  writeFileSync(paths.key, key);
  return paths;
};
