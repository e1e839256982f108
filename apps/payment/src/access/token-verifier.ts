import { errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey, JWTVerifyResult } from 'jose';
import { PaymentError } from '../call/payment-error.ts';

/**
 * How tokens may be signed: by a private key that only the issuer has. Without this list a token could say `none`, or be
 * signed by HMAC with the public key, which everybody has.
 */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** How far the issuer's clock may be from ours, in seconds. */
const clockToleranceS = 10;

/** A token that was found good. */
export type VerifiedToken = { subject: string; claims: JWTPayload };

/** What the token service signed for another purpose (a logout, a proof of a key) is no token of a caller. */
const isAccessToken = ({ typ }: { typ?: unknown }): boolean =>
  typ === undefined || (typeof typ === 'string' && /^(application\/)?(at\+)?jwt$/i.test(typ));

/** A subject is a `user_id`: the same length and characters (payment_service.proto). */
const isSubject = (sub: unknown): sub is string =>
  typeof sub === 'string' && sub.isWellFormed() && /^\P{Cc}{1,200}$/u.test(sub);

/**
 * Verifies a token: signature, issuer, audience, times, subject.
 * @throws PaymentError TOKEN_INVALID, with the reason as its cause: a caller is told no more than that a token has expired, and
 *   this only of one that is good otherwise
 */
export const tokenVerifier = (options: {
  issuer: string;
  audience: string;
  keys: JWTVerifyGetKey;
}): ((token: string) => Promise<VerifiedToken>) => {
  const { issuer, audience, keys } = options;
  const expected = {
    issuer,
    audience,
    algorithms,
    clockTolerance: clockToleranceS,
    requiredClaims: ['exp', 'sub'],
  };
  return async (token) => {
    const verified = await jwtVerify(token, keys, expected).catch(rejectAsInvalid);
    return verifiedToken(verified);
  };
};

const verifiedToken = ({ payload, protectedHeader }: JWTVerifyResult): VerifiedToken => {
  if (!isAccessToken(protectedHeader)) throw invalid('typ is not that of an access token');
  if (!isSubject(payload.sub)) throw invalid('sub is not an id');
  return { subject: payload.sub, claims: payload };
};

const rejectAsInvalid = (thrown: unknown): never => {
  if (thrown instanceof PaymentError) throw thrown;
  if (thrown instanceof errors.JWTExpired)
    throw new PaymentError('TOKEN_INVALID', 'the token has expired: get another', { cause: thrown });
  throw invalid(whyOf(thrown), thrown);
};

/** For the log. Of an extension that is not known jose repeats the name, which a stranger chose. */
const whyOf = (thrown: unknown): string => {
  if (thrown instanceof errors.JOSENotSupported) return 'it asks for what is not supported';
  return thrown instanceof errors.JOSEError ? thrown.message : String(thrown);
};

const invalid = (why: string, thrown?: unknown) =>
  new PaymentError('TOKEN_INVALID', 'the token is not accepted', {
    cause: new Error(why, { cause: thrown }),
  });
