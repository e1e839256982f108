import type { ChargeRequest, RefundRequest } from './gateway-stand-in-request.ts';

/** A movement of money that really happened. `at` is the ISO time of it; `charge`: the key of what is paid back. */
export type GatewayMovement = {
  key: string;
  kind: 'charge' | 'refund';
  reservationId: string;
  amountMinor: string;
  currency: string;
  at: string;
  charge?: string;
};

/** A decision against moving money, which is as final. */
export type GatewayRefusal = { key: string; kind: 'charge' | 'refund'; code: string; at: string };

/** What an operation asks for; the key's meaning for ever after. */
export type GatewayOperation =
  { kind: 'charge'; body: ChargeRequest } | { kind: 'refund'; body: RefundRequest };

/** What was decided under a key. */
export type GatewayDecision = { status: 'charged' | 'refunded' } | { status: 'declined'; code: string };

type Entry = { operation: GatewayOperation; decision?: GatewayDecision };

/** The gateway's memory: keys with what they asked for and what was decided, and the money moved. */
export type GatewayBooks = ReturnType<typeof openBooks>;

/** Opens empty books. Each function is one step that nothing can come between. */
export function openBooks() {
  const entries = new Map<string, Entry>();
  const movements: GatewayMovement[] = [];
  const refusals: GatewayRefusal[] = [];
  const books = { entries, movements, refusals };
  return {
    movements,
    refusals,
    /** How a request stands to those before it: REPEAT has been decided, BUSY is being worked on. */
    relation(key: string, operation: GatewayOperation): 'NEW' | 'REPEAT' | 'BUSY' | 'OTHER_BODY' {
      const entry = entries.get(key);
      if (!entry) return 'NEW';
      if (!isSame(entry.operation, operation)) return 'OTHER_BODY';
      return entry.decision ? 'REPEAT' : 'BUSY';
    },
    /** Takes a new key; from now on it is under way. */
    take(key: string, operation: GatewayOperation) {
      entries.set(key, { operation });
    },
    /** Decides what was taken, once: later calls give the same. `decline`: decide so, with this code. */
    decide(key: string, decline?: string): GatewayDecision {
      const entry = entries.get(key);
      if (!entry) throw new Error('A key has to be taken before it is decided.');
      return (entry.decision ??= decide(books, { key, operation: entry.operation, decline }));
    },
    /** What `GET /charges/{key}` says; undefined: never took one. */
    findCharge(key: string): GatewayDecision | { status: 'processing' } | undefined {
      const entry = entries.get(key);
      if (entry?.operation.kind !== 'charge') return undefined;
      return entry.decision ?? { status: 'processing' };
    },
    /** The reservation that a key is about, as far as it is known. */
    reservationOf: (key: string): string | undefined => reservationOf(entries, key),
  };
}

const isSame = (one: GatewayOperation, other: GatewayOperation): boolean =>
  one.kind === other.kind &&
  Object.entries(one.body).every(([name, value]) => (other.body as Record<string, string>)[name] === value);

const reservationOf = (entries: Map<string, Entry>, key: string): string | undefined => {
  const operation = entries.get(key)?.operation;
  if (!operation) return undefined;
  if (operation.kind === 'refund') return reservationOf(entries, operation.body.charge.toLowerCase());
  return operation.body.reservation_id;
};

type Books = { entries: Map<string, Entry>; movements: GatewayMovement[]; refusals: GatewayRefusal[] };
type Asked = { key: string; operation: GatewayOperation; decline: string | undefined };

function decide({ movements, refusals }: Books, { key, operation, decline }: Asked): GatewayDecision {
  const at = new Date().toISOString();
  const { kind } = operation;
  const refuse = (code: string): GatewayDecision => {
    refusals.push({ key, kind, code, at });
    return { status: 'declined', code };
  };
  if (decline !== undefined) return refuse(decline);
  if (kind === 'charge') {
    const { reservation_id: reservationId, amount_minor: amountMinor, currency } = operation.body;
    movements.push({ key, kind, reservationId, amountMinor, currency, at });
    return { status: 'charged' };
  }
  const charge = operation.body.charge.toLowerCase();
  const charged = movements.find((moved) => moved.kind === 'charge' && moved.key === charge);
  if (!charged) return refuse('charge_not_found');
  if (movements.some((moved) => moved.charge === charge)) return refuse('already_refunded');
  const { reservationId, amountMinor, currency } = charged;
  movements.push({ key, kind, charge, reservationId, amountMinor, currency, at });
  return { status: 'refunded' };
}
