import { experimental, ServerCredentials } from '@grpc/grpc-js';
import type { TlsFiles } from '../config.ts';
import type { TlsMaterial } from './tls-material.ts';
import { followTlsFiles, readTlsFilesFirst } from './follow-tls-files.ts';
import type { AccessLog } from './follow-tls-files.ts';

type Provider = experimental.CertificateProvider;
type Identity = Parameters<Parameters<Provider['addIdentityCertificateListener']>[0]>[0];
type Ca = Parameters<Parameters<Provider['addCaCertificateListener']>[0]>[0];

/** Those who want to know of a value: as it is, and whenever it is another. */
const announcer = <T>(first: T) => {
  const listeners = new Set<(value: T) => void>();
  let value = first;
  return {
    add: (listener: (value: T) => void) => {
      listeners.add(listener);
      // The server looks for its first certificate only after it has added its listener.
      process.nextTick(() => listener(value));
    },
    remove: (listener: (value: T) => void) => void listeners.delete(listener),
    set: (next: T) => {
      value = next;
      for (const listener of listeners) listener(next);
    },
  };
};

const identityOf = ({ cert, key }: TlsMaterial): Identity => ({ certificate: cert, privateKey: key });
const caOf = ({ clientCa }: TlsMaterial): Ca => (clientCa ? { caCertificate: clientCa } : null);

/**
 * What grpc-js asks for certificates. Its own provider (`FileWatcherCertificateProvider`) drops every new connection while
 * a file is absent or does not fit; this one is only given what is good.
 */
const certificateProvider = (
  first: TlsMaterial,
): { provider: Provider; take: (material: TlsMaterial) => void } => {
  const identity = announcer(identityOf(first));
  const ca = announcer(caOf(first));
  const provider: Provider = {
    addIdentityCertificateListener: identity.add,
    removeIdentityCertificateListener: identity.remove,
    addCaCertificateListener: ca.add,
    removeCaCertificateListener: ca.remove,
  };
  const take = (material: TlsMaterial) => {
    identity.set(identityOf(material));
    ca.set(caOf(material));
  };
  return { provider, take };
};

/**
 * Credentials of a gRPC server: in the clear without files, else TLS 1.2 or newer. With an authority for clients only those
 * with a certificate of it are let in. Changed files are used by the connections that come afterwards, within 5 s; those
 * that are there go on.
 * @param options.everyMs milliseconds from one look at the files to the next
 * @throws Error that names the variable when the files are of no use
 */
export const openServerCredentials = async (options: {
  files: TlsFiles | undefined;
  log: AccessLog;
  stop: AbortSignal;
  everyMs?: number;
}): Promise<ServerCredentials> => {
  const { files, log, stop, everyMs = 5_000 } = options;
  if (files === undefined) return ServerCredentials.createInsecure();
  const { material, hash } = await readTlsFilesFirst(files);
  const { provider, take } = certificateProvider(material);
  void followTlsFiles({ files, inUse: hash, everyMs, log, stop, take });
  const asksForCertificate = files.clientCa !== undefined;
  return experimental.createCertificateProviderServerCredentials(
    provider,
    asksForCertificate ? provider : null,
    asksForCertificate,
  );
};
