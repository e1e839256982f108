import type { Log } from '@payments/runtime';
import type { GatewayConfig } from '../config.ts';
import { askWithin } from './ask-within.ts';
import type { RetryOptions } from './ask-within.ts';
import { exchange, openConnections } from './exchange.ts';
import type { ExchangeRequest } from './exchange.ts';
import type { FoundCharge, Gateway, GatewayAnswer, GatewayCall } from './gateway.ts';
import { openCircuit } from './open-circuit.ts';
import type { CircuitOptions } from './open-circuit.ts';
import { readExchange } from './read-exchange.ts';
import type { Asking, Attempt } from './read-exchange.ts';

/** The payment gateway behind `AUTHORIZER_URL`. Disposing it closes its connections. */
export type HttpGateway = Gateway & AsyncDisposable;

/** How patient it is. */
export type HttpGatewayOptions = { retry?: RetryOptions; circuit?: CircuitOptions };

type GatewayLog = Pick<Log, 'warn' | 'error'>;

const usualRetry: RetryOptions = { attempts: 3, minPauseMs: 100, maxPauseMs: 2_000 };
const usualCircuit: CircuitOptions = { failures: 5, halfOpenAfterMs: 5_000 };

/** A time-out of at least this, in milliseconds, says that the gateway is ill; a shorter one, that its caller had no time. */
const tellingTimeoutMs = 1_000;

/** A question, with what may be said of it in a log. */
type Question = { asking: Asking; key: string; path: string; body?: object };

/**
 * Speaks to a payment gateway over HTTP by the contract of docs/gateway.md. Neither its address nor the token, nor what is
 * paid by whom, is logged: the key, which is an id of ours, finds them. It opens no connection before it is asked.
 */
export const openHttpGateway = (
  config: GatewayConfig,
  log: GatewayLog,
  { retry = usualRetry, circuit = usualCircuit }: HttpGatewayOptions = {},
): HttpGateway => {
  const base = new URL(config.url);
  const connections = openConnections(base);
  const throughCircuit = openCircuit(circuit, log);

  const attempt = async (question: Question, { signal, deadline }: GatewayCall): Promise<Attempt> => {
    const givenMs = Math.min(config.timeoutMs, Math.max(0, deadline - Date.now()));
    const ending = AbortSignal.any([signal, AbortSignal.timeout(givenMs)]);
    const exchanged = await exchange(connections, requestOf(base, config.token, question), ending);
    const made = readExchange(question.asking, exchanged);
    if (made.wrong) logWrong(log, question, made);
    const timedOut = exchanged.kind !== 'ANSWERED' && exchanged.trouble === 'TIMEOUT';
    const isTelling = givenMs >= Math.min(config.timeoutMs, tellingTimeoutMs);
    return timedOut && !isTelling ? { ...made, health: 'UNTOLD' } : made;
  };
  const ask = (question: Question, call: GatewayCall) =>
    askWithin(retry, call, () => throughCircuit(() => attempt(question, call)));

  return {
    host: base.host,
    charge: async (charge, call) => {
      const { paymentId: key, userId, reservationId, amount } = charge;
      const body = {
        user_id: userId,
        reservation_id: reservationId,
        amount_minor: String(amount.minor),
        currency: amount.currency,
      };
      return decided(await ask({ asking: 'POST /charges', key, path: '/charges', body }, call));
    },
    findCharge: (key, call) => ask({ asking: 'GET /charges', key, path: `/charges/${key}` }, call),
    refund: async ({ refundId: key, paymentId: charge }, call) =>
      decided(await ask({ asking: 'POST /refunds', key, path: '/refunds', body: { charge } }, call)),
    [Symbol.asyncDispose]: () => {
      connections.agent.destroy();
      return Promise.resolve();
    },
  };
};

const requestOf = (base: URL, token: string | undefined, { key, path, body }: Question): ExchangeRequest => {
  const url = new URL(base);
  url.pathname = base.pathname.replace(/\/$/, '') + path;
  const headers = {
    accept: 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  if (!body) return { url, method: 'GET', headers };
  const text = JSON.stringify(body);
  return {
    url,
    method: 'POST',
    body: text,
    headers: {
      ...headers,
      'idempotency-key': key,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    },
  };
};

/** Only a look-up finds nothing. */
const decided = (found: FoundCharge): GatewayAnswer =>
  found.outcome === 'NONE' ? { outcome: 'UNKNOWN', reason: 'an answer to another question' } : found;

const logWrong = (log: GatewayLog, { asking, key }: Question, { answer }: Attempt) => {
  const fields = {
    asking,
    key,
    outcome: answer.outcome,
    reason: 'reason' in answer ? answer.reason : undefined,
  };
  log.error(fields, 'the payment gateway and this service do not agree on how to speak to each other');
};
