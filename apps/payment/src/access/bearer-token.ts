import type { Metadata } from '@grpc/grpc-js';
import { PaymentError } from '../call/payment-error.ts';

/** Two dots, and three parts of base64url (RFC 7515); the last one is empty in a token without a signature. */
const jwt = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * The bearer token of a call (RFC 6750). Of several headers of this name Node's HTTP/2 keeps the first and drops the others
 * before anybody sees them; several tokens in one header are seen here.
 * @throws PaymentError TOKEN_MISSING without the header; TOKEN_INVALID for one that is something else, or several
 */
export const bearerToken = (metadata: Metadata): string => {
  const values = metadata.get('authorization');
  if (values.length === 0) {
    throw new PaymentError(
      'TOKEN_MISSING',
      'the call has no token: send the header "authorization: Bearer …"',
    );
  }
  const [, token = ''] = /^Bearer +(\S+)$/i.exec(values.length === 1 ? String(values[0]) : '') ?? [];
  if (jwt.test(token)) return token;
  throw new PaymentError(
    'TOKEN_INVALID',
    'the header must be "authorization: Bearer …" with one token (a JWT)',
  );
};
