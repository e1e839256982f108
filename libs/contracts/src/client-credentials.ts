import { credentials, Metadata } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';

/** TLS of a client. All of them are PEM. */
export type ClientTls = {
  /** Who signs servers that are trusted. Default: the authorities that this machine trusts. */
  ca?: string | Buffer;
  /** The client's own certificate, with the intermediate ones, where the server asks for one; it goes with `key`. */
  cert?: string | Buffer;
  /** The private key of `cert`. */
  key?: string | Buffer;
};

const bufferOf = (pem: string | Buffer | undefined): Buffer | null =>
  pem === undefined ? null : Buffer.from(pem);

/**
 * Credentials of a connection: over TLS (1.2 or newer), or in the clear when there is no `tls`.
 * @throws Error for a certificate without its key or the other way round, and for one that is none
 */
export const channelCredentials = (tls: ClientTls | undefined): ChannelCredentials =>
  tls === undefined
    ? credentials.createInsecure()
    : credentials.createSsl(bufferOf(tls.ca), bufferOf(tls.key), bufferOf(tls.cert));

/** What stays on this machine: its name or address, with or without a port; or a socket in the file system. */
export const isLocal = (address: string): boolean =>
  /^((localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?|::1)$/.test(address) || address.startsWith('unix:');

/**
 * The header of a bearer token; no header without one.
 * @throws Error for a token that would leave this machine in the clear: who listens on the way could pay with it
 */
export const bearerMetadata = (options: {
  address: string;
  token?: string;
  tls?: ClientTls;
  credentials?: ChannelCredentials;
}): Metadata => {
  const metadata = new Metadata();
  if (options.token === undefined) return metadata;
  const isSecure = options.tls !== undefined || options.credentials?._isSecure() === true;
  if (!isSecure && !isLocal(options.address)) {
    throw new Error(`the token is not sent to ${options.address} in the clear: use TLS`);
  }
  metadata.set('authorization', `Bearer ${options.token}`);
  return metadata;
};
