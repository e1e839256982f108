import { randomUUID } from 'node:crypto';
import { createLog } from '@payments/runtime';
import type { GatewayConfig } from '../config.ts';
import type { Charge, GatewayCall } from './gateway.ts';
import { openHttpGateway } from './open-http-gateway.ts';
import type { HttpGateway, HttpGatewayOptions } from './open-http-gateway.ts';

/** Retries as usual, but with hardly a pause. */
export const quick = { retry: { attempts: 3, minPauseMs: 1, maxPauseMs: 5 } } satisfies HttpGatewayOptions;

const never = new AbortController().signal;

/** A call that has so much time, in milliseconds. */
export const within = (ms = 60_000, signal = never): GatewayCall => ({ signal, deadline: Date.now() + ms });

/** A charge of 12.50 USD with a key of its own. */
export const charge = (reservationId = 'r-1'): Charge => ({
  paymentId: randomUUID(),
  userId: 'user-of-the-spec',
  reservationId,
  amount: { minor: 1250n, currency: 'USD' },
});

/** An adapter to this address, and the lines that it logged. */
export const open = (
  config: Partial<GatewayConfig> & { url: string },
  options: HttpGatewayOptions = quick,
): { adapter: HttpGateway; lines: string[] } => {
  const lines: string[] = [];
  const log = createLog('payment', { destination: { write: (line) => void lines.push(line) } });
  const adapter = openHttpGateway({ timeoutMs: 30_000, ...config }, log, options);
  return { adapter, lines };
};
