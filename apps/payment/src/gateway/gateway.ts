import type { MinorUnits } from '@payments/contracts';

/** What the payment gateway is asked to charge. */
export type Charge = {
  /** Its idempotency key: however often it is asked with it, the user is charged once. */
  paymentId: string;
  userId: string;
  reservationId: string;
  amount: MinorUnits;
};

/** What the payment gateway is asked to pay back: a whole charge. */
export type ChargeRefund = { refundId: string; paymentId: string };

/**
 * What became of a request to the payment gateway.
 * - DONE: charged, or paid back. DECLINED: it was not and never will be, with the gateway's reason. Both are final: the
 *   same key is answered so again.
 * - NOT_ASKED: certainly nothing was done for this request: no connection was had, the circuit is open, or the gateway said
 *   that it took nothing. Says nothing of earlier requests with the same key.
 * - UNKNOWN: it may or may not have been done, or is still under way.
 */
export type GatewayAnswer =
  | { outcome: 'DONE' }
  | { outcome: 'DECLINED'; code: string }
  | { outcome: 'NOT_ASKED'; reason: string }
  | { outcome: 'UNKNOWN'; reason: string };

/** What the gateway says of a charge when it is asked without charging. NONE: it has never taken one of that key. */
export type FoundCharge = GatewayAnswer | { outcome: 'NONE' };

/** How long to try: `signal` ends it at once, `deadline` (milliseconds since the epoch) bounds all attempts together. */
export type GatewayCall = { signal: AbortSignal; deadline: number };

/** The payment gateway. Its functions do not throw for anything the gateway or the network does. */
export type Gateway = {
  /** Its host: what one gateway was asked is never asked of another. */
  host: string;
  /** `POST /charges`. */
  charge(charge: Charge, call: GatewayCall): Promise<GatewayAnswer>;
  /** `GET /charges/{key}`. */
  findCharge(paymentId: string, call: GatewayCall): Promise<FoundCharge>;
  /** `POST /refunds`. */
  refund(refund: ChargeRefund, call: GatewayCall): Promise<GatewayAnswer>;
};
