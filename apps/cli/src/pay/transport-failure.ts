import { status } from '@grpc/grpc-js';
import type { RpcError } from '@payments/contracts';

/** Where the call went, and how. */
export type Target = { address: string; tls: boolean };

/** Codes as numbers: those of errors may be any. */
const codes: { unavailable: number; deadlineExceeded: number } = {
  unavailable: status.UNAVAILABLE,
  deadlineExceeded: status.DEADLINE_EXCEEDED,
};

/** Nobody could serve the call now, or the connection broke. */
export const isUnavailable = ({ code }: RpcError): boolean => code === codes.unavailable;

/** grpc-js found nobody to send the request to within the time: certainly nothing was done. */
export const isNeverSent = ({ code, message, details }: RpcError): boolean =>
  !details && code === codes.deadlineExceeded && /Waiting for LB pick|Name resolution/i.test(message);

/**
 * grpc-js found nobody to send the request to, so certainly nothing was done. A connection lost during the call is
 * UNAVAILABLE as well, and then the outcome is not known.
 */
export const isUnreachable = ({ code, message, details }: RpcError): boolean =>
  !details &&
  code === codes.unavailable &&
  /^(No connection established|Name resolution failed)/.test(message);

const absent = /ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/;

/** Nobody listens there, now: somebody may in a moment. */
export const isAbsent = (error: RpcError): boolean => isUnreachable(error) && absent.test(error.message);

/** What grpc-js says of a connection, as Node and OpenSSL put it, and what to do about it. The first that fits counts. */
const remedies: readonly { says: RegExp; tls?: boolean; text: (address: string) => string }[] = [
  {
    says: absent,
    text: (at) =>
      `The payment service cannot be reached at ${at}. Start it with \`npm start\`, or name another one with --address.`,
  },
  {
    says: /Name resolution failed/,
    text: (at) => `The host of ${at} is not known. Check --address.`,
  },
  {
    says: /wrong version number|packet length too long/,
    tls: true,
    text: (at) =>
      `What listens at ${at} does not speak TLS. Leave --tls out, or name another port with --address.`,
  },
  {
    says: /ALTNAME_INVALID/,
    tls: true,
    text: (at) => `The certificate of ${at} is for another name. Write the name that it is for in --address.`,
  },
  {
    says: /certificate has expired|not yet valid/,
    tls: true,
    text: (at) => `The certificate of ${at} is not valid today. Its owner has to renew it.`,
  },
  {
    says: /self-signed|issuer certificate|verify the first certificate|certificate signature failure/,
    tls: true,
    text: (at) =>
      `The certificate of ${at} is signed by nobody that is trusted here. Name its authority with --tls-ca.`,
  },
  {
    says: /alert|Failed to connect/,
    tls: true,
    text: (at) =>
      `The service at ${at} ends the TLS handshake. It may ask for a certificate of yours, or refuse the one it got: --tls-cert and --tls-key.`,
  },
  {
    says: /Failed to connect|Protocol error/,
    tls: false,
    text: (at) =>
      `What listens at ${at} hangs up on us. If it speaks TLS, add --tls; else it is no gRPC service.`,
  },
];

/** What kept the request from being sent, with its remedy; undefined if that is not what happened. */
export const transportRemedy = (error: RpcError, { address, tls }: Target): string | undefined => {
  if (isNeverSent(error)) {
    return `Nobody answers at ${address}. Check --address, and whether a firewall stands between${tls ? '' : '; if it speaks TLS, add --tls'}.`;
  }
  if (!isUnreachable(error)) return undefined;
  const fitting = remedies.find((remedy) => remedy.says.test(error.message) && (remedy.tls ?? tls) === tls);
  return `${fitting?.text(address) ?? `No connection to ${address}.`} (${withoutNote(error.message)})`;
};

/** What grpc-js says of the failure to people: the rest is about how it resolved the name, and mostly empty. */
const withoutNote = (message: string): string => message.replace(/\.? Resolution note: .*$/s, '').trim();
