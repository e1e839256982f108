import { expect } from '@jest/globals';
import { openPaymentClient } from '@payments/contracts';
import type { PaymentClient } from '@payments/contracts';
import { eventually, startGatewayStandIn } from '@payments/testing';
import type { GatewayStandIn } from '@payments/testing';
import type { Database } from './database/open-database.ts';
import { openHttpGateway } from './gateway/open-http-gateway.ts';
import type { HttpGateway } from './gateway/open-http-gateway.ts';
import type { Gateway } from './gateway/gateway.ts';
import { openFixture, serveHandlers } from './payment.fixture.ts';
import type { Fixture, FixtureOptions, ToldOutcome } from './payment.fixture.ts';
import { recoverOnce } from './recover/recover-once.ts';
import type { TellOutcome } from './tell-outcome.ts';
import { openAdmission } from './server/admission.ts';
import { paymentHandlers } from './rpc/payment-handlers.ts';

/** The service with a payment gateway that a spec makes fail, and recovery that runs when the spec says so. */
export type GatewayFixture = Fixture & {
  standIn: GatewayStandIn;
  gateway: Gateway;
  /** One round of recovery, by this gateway. */
  recover: (gateway?: Gateway) => Promise<number>;
  /** What recovery logged as errors. */
  errors: object[];
  /** Makes every task due, as if its lease were over. */
  endLeases: () => Promise<void>;
  /** Another instance of the service on the same database, with a gateway of its own. */
  another: (gateway: Gateway | undefined) => Promise<AsyncDisposable & { client: PaymentClient }>;
  /** What the payment gateway was asked, or will be, and who is at it. */
  tasks: () => Promise<{ kind: string; claim: number; claimed: boolean }[]>;
  /** The keys of money moved for a reservation. */
  charged: (reservationId: string) => string[];
};

const nothing = () => undefined;

/** It asks twice, at once, and never gives up: what a spec makes fail stays that spec's, and soon. */
export const openPatientGateway = (url: string, timeoutMs: number): HttpGateway =>
  openHttpGateway({ url, timeoutMs }, { warn: nothing, error: nothing } as never, {
    retry: { attempts: 2, minPauseMs: 1, maxPauseMs: 10 },
    circuit: { failures: 10_000, halfOpenAfterMs: 10 },
  });

const tasks = `select kind, claim, claimed_until > now() as claimed from payment.gateway_task order by created_at`;

/** Opens both. A request to the gateway may take `timeoutMs`, 20 s unless told: a spec holds it for as long as it looks around. */
export const openGatewayFixture = async (
  options: Omit<FixtureOptions, 'gateway'> & { timeoutMs?: number } = {},
): Promise<GatewayFixture> => {
  const { timeoutMs = 20_000, ...rest } = options;
  await using opened = new AsyncDisposableStack();
  const standIn = opened.use(await startGatewayStandIn());
  const gateway = opened.use(openPatientGateway(standIn.url, timeoutMs));
  const fixture = opened.use(await openFixture({ ...rest, gateway }));
  const errors: object[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object) => void errors.push(fields),
  };
  const { database, sql } = fixture;
  const stop = new AbortController().signal;
  const closing = opened.move();
  return {
    ...fixture,
    standIn,
    gateway,
    errors,
    recover: (by = gateway) =>
      recoverOnce({
        database,
        gateway: by,
        log: log as never,
        tell: fixture.tell,
        wake: () => undefined,
        stop,
      }),
    endLeases: async () => {
      await sql('update payment.gateway_task set due_at = now(), claimed_until = now()');
    },
    another: (by) => serve(database, by, fixture.tell),
    tasks: () => sql(tasks),
    charged: (reservationId) =>
      standIn
        .ledger()
        .flatMap((moved) => (moved.reservationId === reservationId ? [`${moved.kind} ${moved.key}`] : [])),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};

const serve = async (database: Database, gateway: Gateway | undefined, tell: TellOutcome) => {
  await using opened = new AsyncDisposableStack();
  const handlers = paymentHandlers({
    admission: openAdmission(100),
    database,
    gateway,
    limits: new Map(),
    log: { error: nothing, warn: nothing } as never,
    tell,
    isReady: () => true,
    wake: nothing,
    wakeRecovery: nothing,
  });
  const server = opened.use(await serveHandlers(handlers));
  const client = opened.use(openPaymentClient({ address: server.address }));
  const closing = opened.move();
  return { client, [Symbol.asyncDispose]: () => closing.disposeAsync() };
};

/** The answer of a gateway that says that it took nothing of a request. */
export const tookNothing = { status: 503, at: 'before', headers: { 'retry-after': '0' } } as const;

/**
 * The states that history tells of a payment, oldest first, and the types of its messages, and the lines about it: they have
 * to be the same, each told once.
 */
export const told = async ({ sql, outcomes }: Fixture, paymentId = ''): Promise<string[]> => {
  const history = await sql<{ state: string }>(
    'select initcap(state) as state from payment.payment_history where payment_id = ? order by history_id',
    [paymentId],
  );
  const messages = await sql<{ state: string }>(
    `select replace(type, 'payment.v1.Payment', '') as state from outbox.message
     where headers ->> 'ce_subject' = ? order by seq`,
    [paymentId],
  );
  expect(messages).toEqual(history);
  // Whoever asks the database may hear of a commit before the one that has made it.
  await eventually(() => {
    const lines = outcomes.filter(
      ({ line, payment_id: id }) => id === paymentId && /^payment (?!pending)/.test(line),
    );
    const stateOf = ({ line }: ToldOutcome) =>
      line.replace(/^payment ./, (start) => start.slice(-1).toUpperCase());
    expect(lines.map((line) => ({ state: stateOf(line) }))).toEqual(history);
  });
  return history.map(({ state }) => state.toUpperCase());
};

/** A gateway that gives each answer to a charge only when it is let: its caller is frozen meanwhile. */
export const frozenAfterCharge = (gateway: Gateway) => {
  const answered = Promise.withResolvers<void>();
  const thawed = Promise.withResolvers<void>();
  const frozen: Gateway = {
    ...gateway,
    charge: async (...asked) => {
      const answer = await gateway.charge(...asked);
      answered.resolve();
      await thawed.promise;
      return answer;
    },
  };
  return { frozen, answered: answered.promise, thaw: thawed.resolve };
};

/** The first transaction that changes a payment loses against another one, and has to be done again. */
export const loseFirstChange = async ({ sql }: Fixture): Promise<void> => {
  await sql('create sequence payment.changes');
  await sql(`create function payment.lose_first() returns trigger language plpgsql as $$
    begin
      if nextval('payment.changes') = 1 then raise exception 'lost' using errcode = 'serialization_failure'; end if;
      return new;
    end $$`);
  await sql(
    'create trigger lose_first before update on payment.payment for each row execute function payment.lose_first()',
  );
};

/** How many transactions have changed a payment since, with the one that lost. */
export const changesMade = async ({ sql }: Fixture): Promise<number | undefined> =>
  (await sql<{ made: number }>('select last_value::int as made from payment.changes'))[0]?.made;
