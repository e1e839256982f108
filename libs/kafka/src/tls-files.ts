import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

import type { SocketFactory } from './sockets.ts';

/** The paths of PEM files: the authorities to trust instead of the system's, and a client's certificate with its key. */
export type TlsFiles = { ca?: string; cert?: string; key?: string };

/**
 * Connects with what the files hold at that moment. Certificates are renewed while a process runs, and Kafka takes none that
 * has expired: a process that had read them once would go on until its connection breaks, and never come back.
 *
 * A file that is missing, or a key that is not yet that of the certificate, fails this connection alone: kafkajs takes what is
 * thrown here for a connection that could not be made, and whoever wanted it tries again.
 */
export function connectWithFiles(connect: SocketFactory, files: TlsFiles): SocketFactory {
  return (options) => connect({ ...options, ssl: readTlsFiles(files) });
}

function readTlsFiles(files: TlsFiles): ConnectionOptions {
  const read = Object.entries(files).map(([name, path]) => [name, readFileSync(path, 'utf8')]);
  return Object.fromEntries(read) as ConnectionOptions;
}
