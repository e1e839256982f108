import { PaymentError } from '../call/payment-error.ts';
import type { TokenIssuer } from '../config.ts';
import { anonymous } from '../call/caller.ts';
import type { Authenticate } from './authentication-interceptor.ts';
import { bearerToken } from './bearer-token.ts';
import type { AccessLog } from './follow-tls-files.ts';
import { neededScope, scopesOf } from './scopes.ts';
import { tokenKeys } from './token-keys.ts';
import type { KeyTimes } from './token-keys.ts';
import { tokenVerifier } from './token-verifier.ts';

/** The least milliseconds between two lines about refused tokens: strangers must not fill the log. */
const lineEveryMs = 1_000;

/** Says why tokens are refused, without any part of them, and how many were since the line before. */
const refusals = (log: AccessLog) => {
  let lastAt = -Infinity;
  let count = 0;
  return (error: PaymentError): void => {
    count += 1;
    if (Date.now() < lastAt + lineEveryMs) return;
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    log.info({ reason: error.details.reason, why, count }, 'a token was refused');
    lastAt = Date.now();
    count = 0;
  };
};

/**
 * Tells callers apart by their bearer tokens; without an issuer everybody is `anonymous`, who may do everything.
 * A call is refused with TOKEN_MISSING, TOKEN_INVALID, TOKEN_KEYS_UNAVAILABLE or SCOPE_MISSING.
 */
export const authenticateBy = (options: {
  tokens: TokenIssuer | undefined;
  log: AccessLog;
  times?: Partial<KeyTimes>;
}): Authenticate => {
  const { tokens, log, times = {} } = options;
  if (tokens === undefined) return () => Promise.resolve(anonymous);
  const keys = tokenKeys({ url: tokens.jwksUrl, log, times });
  const verify = tokenVerifier({ ...tokens, keys });
  const say = refusals(log);
  return async (path, metadata) => {
    const { subject, claims } = await verify(bearerToken(metadata)).catch((thrown: unknown) => {
      if (thrown instanceof PaymentError && thrown.details.reason === 'TOKEN_INVALID') say(thrown);
      throw thrown;
    });
    const scopes = scopesOf(claims);
    const admin = scopes.has('payments:admin');
    const needed = neededScope(path);
    if (!admin && !scopes.has(needed)) throw scopeMissing(needed);
    return { subject, admin };
  };
};

const scopeMissing = (scope: string) =>
  new PaymentError('SCOPE_MISSING', `the token lacks the scope ${scope}`, { metadata: { scope } });
