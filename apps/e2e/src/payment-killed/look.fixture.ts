import type { Subject } from './subject.fixture.ts';
import type { World } from './world.fixture.ts';

/** How far a subject has come, in the database and at the gateway. */
export interface Standing {
  /** Of the charge's payment, or of the refund: NONE if its intent is not stored, DECIDED with its outcome. */
  stored: 'NONE' | 'PENDING' | 'DECIDED';
  /** The claim of its task; 0 if there is none. */
  claim: number;
  /** How often the gateway was asked to do it, and how often to look it up. */
  asked: number;
  lookedUp: number;
  /** Whether the gateway has done it, or decided against it. */
  decided: boolean;
  /** Whether the gateway has sent an answer with its decision. */
  answered: boolean;
}

/** The idempotency key of a subject: undefined as long as its intent is not stored. */
export const keyOf = async (world: World, subject: Subject): Promise<string | undefined> =>
  (await storedOf(world, subject))?.key;

/** Looks at both sides. */
export async function look(world: World, subject: Subject): Promise<Standing> {
  const stored = await storedOf(world, subject);
  const { gateway } = world;
  const key = stored?.key;
  const requests = gateway.requests().filter((request) => key !== undefined && request.key === key);
  const decisions = [...gateway.ledger(), ...gateway.declined()];
  const states = { PENDING: 'PENDING', undefined: 'NONE' } as const;
  return {
    stored: states[`${stored?.state}` as keyof typeof states] ?? 'DECIDED',
    claim: stored?.claim ?? 0,
    asked: requests.filter(({ on }) => on === subject.on).length,
    lookedUp: requests.filter(({ on }) => on === 'GET /charges').length,
    decided: decisions.some((decision) => decision.key === key),
    answered: requests.some(({ answer }) => answer === 200 || answer === 402),
  };
}

type Stored = { key: string; state: string; claim: number | null };

const storedCharge = `select payment.payment_id as key, state, claim
  from payment.payment left join payment.gateway_task on task_id = payment.payment_id where reservation_id = $1`;
const storedRefund = `select refund_id as key, state, claim
  from payment.refund left join payment.gateway_task on task_id = refund_id where refund.payment_id = $1`;

async function storedOf({ sql }: World, { kind, mark }: Subject): Promise<Stored | undefined> {
  const rows = await sql<Stored>(kind === 'CHARGE' ? storedCharge : storedRefund, [mark]);
  if (rows.length > 1) throw new Error(`one ${kind} has ${String(rows.length)} rows`);
  return rows[0];
}
