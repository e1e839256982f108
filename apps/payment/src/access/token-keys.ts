import { createRemoteJWKSet, customFetch, errors } from 'jose';
import type { FetchImplementation, JWTVerifyGetKey } from 'jose';
import { PaymentError } from '../call/payment-error.ts';
import type { AccessLog } from './follow-tls-files.ts';

/** How keys are fetched, in milliseconds. */
export type KeyTimes = {
  /** For one fetch. */
  timeoutMs: number;
  /** From one fetch to the next at least, whoever asks and whatever came of it. */
  pauseMs: number;
  /** After a fetch an unknown key causes no other for so long: it does not exist. */
  cooldownMs: number;
  /** After so long keys are fetched again, so that one that was taken back is not trusted any more. */
  refreshMs: number;
  /** While the issuer is away, the keys it gave last are trusted for so long. */
  trustedMs: number;
};

const defaultTimes: KeyTimes = {
  timeoutMs: 5_000,
  pauseMs: 1_000,
  cooldownMs: 10_000,
  refreshMs: 600_000,
  trustedMs: 3_600_000,
};

/** What is wrong with the token; anything else is wrong with the keys. */
const isFaultOfToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

/** Says once that keys cannot be had, and once that they can again. */
const outage = (log: AccessLog) => {
  let away = false;
  return {
    begins: (cause: unknown) => {
      if (!away) log.warn({ err: cause }, 'the keys of tokens cannot be fetched');
      away = true;
    },
    ends: () => {
      if (away) log.info('the keys of tokens are fetched again');
      away = false;
    },
  };
};

/** Fetches at a bounded pace, and knows when it did last. */
const pacedFetch = (pauseMs: number, onGood: () => void) => {
  const fetched = { at: -Infinity };
  const paced: FetchImplementation = async (url, options) => {
    if (Date.now() < fetched.at + pauseMs) throw new Error('the keys were asked for a moment ago');
    fetched.at = Date.now();
    const response = await fetch(url, options);
    if (response.ok) onGood();
    return response;
  };
  return { fetched, paced };
};

/**
 * The public keys of an issuer of tokens. An unknown key is looked for again, so that keys can be rotated; keys are
 * fetched again in the background when they are old, and go on being trusted for an hour while the issuer is away.
 * The finder throws errors of jose for a token without a key, and PaymentError TOKEN_KEYS_UNAVAILABLE when the keys cannot
 * be had.
 */
export const tokenKeys = (options: {
  url: string;
  log: AccessLog;
  times?: Partial<KeyTimes>;
}): JWTVerifyGetKey => {
  const times = { ...defaultTimes, ...options.times };
  const state = outage(options.log);
  const { fetched, paced } = pacedFetch(times.pauseMs, state.ends);
  const remote = createRemoteJWKSet(new URL(options.url), {
    timeoutDuration: times.timeoutMs,
    cooldownDuration: times.cooldownMs,
    cacheMaxAge: times.trustedMs,
    [customFetch]: paced,
  });
  const refresh = () => {
    const isOld = Date.now() >= fetched.at + times.refreshMs;
    if (isOld && !remote.reloading) remote.reload().catch(state.begins);
  };
  return async (header, token) => {
    if (remote.fresh) refresh();
    try {
      return await remote(header, token);
    } catch (cause) {
      if (isFaultOfToken(cause)) throw cause;
      state.begins(cause);
      throw unavailable(times.pauseMs, cause);
    }
  };
};

const unavailable = (retryDelayMs: number, cause: unknown) =>
  new PaymentError('TOKEN_KEYS_UNAVAILABLE', 'the keys of tokens cannot be had at the moment', {
    retryDelayMs,
    cause,
  });
