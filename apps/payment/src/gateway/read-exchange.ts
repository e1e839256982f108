import { readRetryAfter } from '@payments/runtime';
import type { Exchange } from './exchange.ts';
import type { FoundCharge } from './gateway.ts';

/** What is asked of the gateway, as its contract names it. */
export type Asking = 'POST /charges' | 'GET /charges' | 'POST /refunds';

/** What one attempt says. */
export type Attempt = {
  answer: FoundCharge;
  /** Whether the same request may bring another answer soon; the gateway may say when, in milliseconds from now. */
  again: boolean;
  retryAfterMs?: number;
  /** What it says of the gateway as a whole. UNTOLD: our side broke it off. */
  health: 'WELL' | 'ILL' | 'UNTOLD';
  /** Something that people have to mend: an address, a token, the gateway. */
  wrong?: true;
};

/**
 * What an exchange says, by the contract of docs/gateway.md. Whatever it does not know is UNKNOWN: NOT_ASKED is said of
 * nothing but a request that never left, and of statuses that say that nothing was done.
 */
export const readExchange = (asking: Asking, exchange: Exchange, now: () => number = Date.now): Attempt => {
  switch (exchange.kind) {
    case 'NO_CONNECTION':
      return {
        answer: { outcome: 'NOT_ASKED', reason: `no connection was had (${exchange.trouble})` },
        ...troubled(exchange.trouble),
      };
    case 'LOST':
      return { ...unknown(`no answer came (${exchange.trouble})`), ...troubled(exchange.trouble) };
    case 'ANSWERED':
      return readAnswer(asking, exchange, now);
    default:
      return exchange satisfies never;
  }
};

const troubled = (trouble: string): Pick<Attempt, 'again' | 'health'> =>
  trouble === 'ABORTED' ? { again: false, health: 'UNTOLD' } : { again: true, health: 'ILL' };

type Answered = Extract<Exchange, { kind: 'ANSWERED' }>;

const readAnswer = (asking: Asking, { status, retryAfter, body }: Answered, now: () => number): Attempt => {
  const read = readBody(body);
  if (status === 200 || status === 402) return readDecision(asking, status, read);
  if (status === 404 && asking === 'GET /charges') return readNotFound(read);
  if (status === 429 || status === 503) return readTurnedAway(status, readRetryAfter(retryAfter, now));
  if (status === 408 || status === 409) return unknown(`answered ${String(status)}`);
  // Another body came under this key: somebody has broken the rule of all rules, and what was done under it is unknown.
  if (status === 422) return { ...unknown('answered 422'), again: false, wrong: true };
  if (status >= 500) return { ...unknown(`answered ${String(status)}`), health: 'ILL' };
  if (status >= 400) return { ...notAsked(`answered ${String(status)}`), wrong: true };
  // A redirect may be the way to tell that it was done.
  return { ...unknown(`answered ${String(status)}`), again: status < 300, wrong: true };
};

const done: Record<Asking, string> = {
  'POST /charges': 'charged',
  'GET /charges': 'charged',
  'POST /refunds': 'refunded',
};

const readDecision = (asking: Asking, status: 200 | 402, body: Body | undefined): Attempt => {
  const declinedWith = asking === 'GET /charges' ? 200 : 402;
  if (status === 200 && body?.status === done[asking]) return final({ outcome: 'DONE' });
  if (status === declinedWith && body?.status === 'declined')
    return final({ outcome: 'DECLINED', code: readCode(body.code) });
  if (status === 200 && asking === 'GET /charges' && body?.status === 'processing')
    return { ...unknown('it is under way'), again: false };
  return { ...unknown(`answered ${String(status)} with a body that cannot be read`), wrong: true };
};

/** Only in the gateway's own words: a 404 of a proxy, or of a wrong path, says nothing of a charge. */
const readNotFound = (body: Body | undefined): Attempt =>
  body?.status === 'not_found'
    ? final({ outcome: 'NONE' })
    : { ...unknown('answered 404, not in words of its own'), again: false, wrong: true };

/** With a time to come back, 503 says that nothing was taken. Without, it may come from anywhere on the way back. */
const readTurnedAway = (status: 429 | 503, retryAfterMs: number | undefined): Attempt => {
  const reason = `answered ${String(status)}`;
  const health = status === 503 ? 'ILL' : 'WELL';
  if (retryAfterMs === undefined)
    return { ...(status === 503 ? unknown : notAsked)(reason), again: true, health };
  return { ...notAsked(reason), again: true, retryAfterMs, health };
};

const final = (answer: FoundCharge): Attempt => ({ answer, again: false, health: 'WELL' });
const notAsked = (reason: string): Attempt => final({ outcome: 'NOT_ASKED', reason });
const unknown = (reason: string): Attempt => ({
  answer: { outcome: 'UNKNOWN', reason },
  again: true,
  health: 'WELL',
});

type Body = { status?: unknown; code?: unknown };

const readBody = (body: string | undefined): Body | undefined => {
  try {
    const value: unknown = JSON.parse(body ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

/** It is stored and shown. The decision stands, whatever its code looks like. */
const readCode = (code: unknown): string =>
  typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : 'unspecified';
