import { fromBinary } from '@bufbuild/protobuf';
import { PaymentEventSchema, PaymentState, readMoney } from '@payments/contracts';
import type { GatewayMovement } from '@payments/testing';
import type { World } from './world.fixture.ts';

interface PaymentRow {
  payment_id: string;
  reservation_id: string;
  state: string;
  amount: string;
  history: string[] | null;
}

const payments = `select payment_id, reservation_id, state, amount_minor || currency as amount,
  (select array_agg(state || ' ' || amount_minor || currency order by history_id)
     from payment.payment_history history where history.payment_id = payment.payment_id) as history
  from payment.payment`;

/** What is counted in a world whose sides agree. */
export interface Agreement {
  payments: number;
  charged: number;
  refunded: number;
  events: number;
}

/**
 * Compares all sides, once nothing is under way any more: what the gateway really moved, the payments, their history and
 * the events in the outbox. @throws Error that names every disagreement
 */
export async function requireAgreement(world: World): Promise<Agreement> {
  const rows = await world.sql<PaymentRow>(payments);
  const tasks = await world.sql('select * from payment.gateway_task');
  const pending = await world.sql(`select * from payment.refund where state = 'PENDING'`);
  const events = await readEvents(world);
  const ledger = world.gateway.ledger();
  const wrong = [
    ...rows.flatMap((row) => problemsOf(row, { ledger, events: events.get(row.payment_id) ?? [] })),
    ...ledger.flatMap((movement) => strayMovement(movement, rows)),
    ...[...events.keys()]
      .filter((id) => !rows.some((row) => row.payment_id === id))
      .map((id) => `event of no payment ${id}`),
    ...(tasks.length + pending.length > 0
      ? [`${tasks.length} tasks and ${pending.length} refunds are left`]
      : []),
  ];
  if (wrong.length > 0) throw new Error(`the sides disagree:\n${wrong.join('\n')}`);
  const moved = (kind: GatewayMovement['kind']) => ledger.filter((movement) => movement.kind === kind).length;
  return {
    payments: rows.length,
    charged: moved('charge'),
    refunded: moved('refund'),
    events: [...events.values()].flat().length,
  };
}

/** Each payment's way through its states, and what the gateway moved for it, in the same words. */
const ways: Record<string, { states: string[]; moved: string[] }> = {
  COMPLETED: { states: ['COMPLETED'], moved: ['charge'] },
  REFUNDED: { states: ['COMPLETED', 'REFUNDED'], moved: ['charge', 'refund'] },
  FAILED: { states: ['FAILED'], moved: [] },
};

function problemsOf(
  { payment_id: id, state, amount, history }: PaymentRow,
  { ledger, events }: { ledger: readonly GatewayMovement[]; events: string[] },
): string[] {
  const way = ways[state];
  if (!way) return [`payment ${id} is ${state}`];
  const lines = way.states.map((line) => `${line} ${amount}`).join();
  const moved = ledger
    .filter(({ key, charge }) => key === id || charge === id)
    .map(({ kind, amountMinor, currency }) => `${kind} ${amountMinor}${currency}`);
  const found = {
    'the gateway': [moved.join(), way.moved.map((kind) => `${kind} ${amount}`).join()],
    'its history': [history?.join() ?? '', lines],
    'its events': [events.join(), lines],
  };
  return Object.entries(found)
    .filter(([, [is, ought]]) => is !== ought)
    .map(([side, [is, ought]]) => `payment ${id} is ${state}: ${side} says "${is}", not "${ought}"`);
}

const strayMovement = (movement: GatewayMovement, rows: PaymentRow[]): string[] => {
  const id = movement.charge ?? movement.key;
  const row = rows.find(({ payment_id }) => payment_id === id);
  if (!row) return [`the gateway moved money for no payment: ${JSON.stringify(movement)}`];
  return row.reservation_id === movement.reservationId
    ? []
    : [`payment ${id} was charged for another reservation`];
};

/** The events of each payment, in the order of their commits. */
async function readEvents({ sql }: World): Promise<Map<string, string[]>> {
  const messages = await sql<{ key: string; type: string; payload: Buffer }>(
    `select key, type, payload from outbox.message order by xid::text::bigint, seq`,
  );
  const events = new Map<string, string[]>();
  for (const { key, type, payload } of messages) {
    const { payment } = fromBinary(PaymentEventSchema, payload);
    if (payment?.amount === undefined) throw new Error('an event without a payment');
    const money = readMoney(payment.amount);
    if ('problem' in money) throw new Error('an event without an amount');
    const state = PaymentState[payment.state];
    const isTyped = type.toUpperCase() === `PAYMENT.V1.PAYMENT${state}` && key === payment.reservationId;
    const line = `${isTyped ? '' : `wrongly typed ${type} of ${key}: `}${state} ${money.minor}${money.currency}`;
    events.set(payment.paymentId, [...(events.get(payment.paymentId) ?? []), line]);
  }
  return events;
}
