import { ServerCredentials } from '@grpc/grpc-js';
import { openPaymentClient, readRpcError } from '@payments/contracts';
import type { PaymentClient, PaymentHandlers, RpcError } from '@payments/contracts';
import { migrateOutbox } from '@payments/outbox';
import { eventually, throwAwayDatabase } from '@payments/testing';
import { authenticationInterceptor } from './access/authentication-interceptor.ts';
import type { Authenticate } from './access/authentication-interceptor.ts';
import { migratePayment } from './database/migrate-payment.ts';
import { openDatabase } from './database/open-database.ts';
import type { Database } from './database/open-database.ts';
import { anonymous } from './call/caller.ts';
import type { Gateway } from './gateway/gateway.ts';
import { openAdmission } from './server/admission.ts';
import type { Admission } from './server/admission.ts';
import { openGrpcServer } from './server/open-grpc-server.ts';
import type { GrpcServer } from './server/open-grpc-server.ts';
import { paymentHandlers } from './rpc/payment-handlers.ts';
import { openOutcomes } from './tell-outcome.ts';
import type { TellOutcome } from './tell-outcome.ts';

/** The service on a database of its own, a client of it, and a way to look at the database past the service. */
export type Fixture = AsyncDisposable & {
  client: PaymentClient;
  server: GrpcServer;
  admission: Admission;
  database: Database;
  url: string;
  /** How often the relay was hinted at. */
  wakes: () => number;
  /** How often recovery was. */
  recoveryWakes: () => number;
  /** What the service logged as its own fault. */
  logged: string[];
  /** What it told of outcomes, e.g. `payment failed`, with the fields of the line. */
  outcomes: ToldOutcome[];
  tell: TellOutcome;
  /** Runs a statement on a connection that is not the service's. */
  sql: <Row = Record<string, unknown>>(statement: string, parameters?: unknown[]) => Promise<Row[]>;
  /** How many rows each table holds. */
  counts: () => Promise<{ payments: number; history: number; messages: number; requests: number }>;
  /** A transaction of somebody else, open until `commit` or `rollback`. */
  other: () => Promise<OtherTransaction>;
  /** Resolves when `count` of the service's transactions wait for a lock. */
  waiting: (count: number) => Promise<void>;
  /** Resolves when the service has no transaction open. */
  idle: () => Promise<void>;
  /** Resolves when the service has no session left. */
  gone: () => Promise<void>;
};

/** A line about an outcome. */
export type ToldOutcome = { line: string; payment_id: string; reservation_id: string; reason?: string };

/** A transaction of somebody else. */
export type OtherTransaction = {
  sql: (statement: string, parameters?: unknown[]) => Promise<unknown[]>;
  commit: () => Promise<void>;
  rollback: () => Promise<void>;
};

/** How long to wait for sessions, in milliseconds: a call of 30 s waits for a lock for 24 s. */
const sessionsMs = 20_000;

const countAll = `select (select count(*)::int from payment.payment) as payments,
  (select count(*)::int from payment.payment_history) as history,
  (select count(*)::int from outbox.message) as messages,
  (select count(*)::int from payment.request) as requests`;

const countSessions = (condition: string) => `select count(*)::int as sessions from pg_stat_activity
  where datname = current_database() and application_name = 'payment' and ${condition}`;

/** Rolled back at the end of the spec at the latest, or a spec that failed would hang there. */
const openOther = async (observer: Database, opened: AsyncDisposableStack): Promise<OtherTransaction> => {
  const em = observer.em.fork();
  await em.begin();
  const rollback = () => (em.isInTransaction() ? em.rollback() : Promise.resolve());
  opened.defer(rollback);
  return {
    sql: (statement, parameters = []) => em.execute(statement, parameters),
    commit: () => em.commit(),
    rollback,
  };
};

/** Serves the methods on a free port, in the clear and to anybody unless told otherwise. */
export const serveHandlers = (
  handlers: PaymentHandlers,
  options: Pick<FixtureOptions, 'authenticate' | 'credentials' | 'maxConnectionAgeMs'> & {
    admission?: Admission;
  } = {},
): Promise<GrpcServer> => {
  const {
    admission = openAdmission(100),
    maxConnectionAgeMs,
    authenticate = () => Promise.resolve(anonymous),
    credentials = ServerCredentials.createInsecure(),
  } = options;
  const log = { error: (fields: { err: unknown }) => console.error(fields.err) } as never;
  return openGrpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    reflection: false,
    credentials,
    interceptors: [authenticationInterceptor({ authenticate, log })],
    admission,
    handlers,
    ...(maxConnectionAgeMs !== undefined && { maxConnectionAgeMs }),
  });
};

/** A database as the service makes it. */
const migrated = {
  name: 'payment',
  prepare: async (databaseUrl: string) => {
    await migrateOutbox({ databaseUrl });
    await migratePayment({ databaseUrl });
  },
};

/** How the service is started. */
export type FixtureOptions = {
  connections?: number;
  /** The most calls in progress. Default: 100. */
  maxConcurrency?: number;
  maxConnectionAgeMs?: number;
  answerWithinMs?: number;
  limits?: ReadonlyMap<string, bigint>;
  /** A database with a migration, and so with secrets, of its own; default: a copy of one that all specs share. */
  migratedAnew?: boolean;
  /** Who calls. Default: anonymous. */
  authenticate?: Authenticate;
  /** Default: in the clear. */
  credentials?: ServerCredentials;
  /** Default: the built-in authorizer. */
  gateway?: Gateway;
  /** The URL by which the service reaches the database, given the real one: by way of a proxy. */
  route?: (url: string) => Promise<string>;
};

/** Starts the service as `main.ts` does, within this process. Ends what it started. */
export const openFixture = async (options: FixtureOptions = {}): Promise<Fixture> => {
  const {
    connections = 25,
    maxConcurrency = 100,
    answerWithinMs,
    gateway,
    limits = new Map([['KRW', 1_000_000n]]),
    route = (direct: string) => Promise.resolve(direct),
  } = options;
  await using opened = new AsyncDisposableStack();
  const { migratedAnew = false } = options;
  const { url } = opened.use(await throwAwayDatabase(migratedAnew ? {} : { template: migrated }));
  if (migratedAnew) await migrated.prepare(url);
  const database = opened.use(
    openDatabase({
      databaseUrl: await route(url),
      connections,
      ...(answerWithinMs !== undefined && { answerWithinMs }),
    }),
  );
  const observer = opened.use(
    openDatabase({ databaseUrl: url, connections: 5, applicationName: 'observer' }),
  );
  const logged: string[] = [];
  let wakes = 0;
  let recoveryWakes = 0;
  const keep = ({ err }: { err: Error }, line: string) => void logged.push(`${line}: ${err.message}`);
  const log = { error: keep, warn: keep } as never;
  const outcomes: ToldOutcome[] = [];
  const tell = keepOutcomes(outcomes);
  const admission = openAdmission(maxConcurrency);
  const handlers = paymentHandlers({
    admission,
    database,
    limits,
    log,
    tell,
    isReady: () => true,
    gateway,
    wake: () => (wakes += 1),
    wakeRecovery: () => (recoveryWakes += 1),
  });
  const server = opened.use(await serveHandlers(handlers, { ...options, admission }));
  const client = opened.use(openPaymentClient({ address: server.address }));
  const sql = <Row>(statement: string, parameters: unknown[] = []) =>
    observer.em.fork().execute<Row[]>(statement, parameters);
  const sessions = (condition: string, count: number) =>
    eventually(
      async () => {
        const [row] = await sql<{ sessions: number }>(countSessions(condition));
        if (row?.sessions !== count)
          throw new Error(`${row?.sessions} sessions have ${condition}, not ${count}`);
      },
      { timeoutMs: sessionsMs },
    );
  const closing = opened.move();
  return {
    client,
    server,
    admission,
    database,
    url,
    logged,
    outcomes,
    tell,
    sql,
    waiting: (count) => sessions(`wait_event_type = 'Lock'`, count),
    gone: () => sessions('backend_start is not null', 0),
    idle: () => sessions(`state <> 'idle'`, 0),
    wakes: () => wakes,
    recoveryWakes: () => recoveryWakes,
    counts: async () =>
      (await sql<Awaited<ReturnType<Fixture['counts']>>>(countAll))[0] ?? Promise.reject(new Error('no row')),
    other: () => openOther(observer, closing),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};

/**
 * Opens so many sessions with PostgreSQL one by one, and leaves them idle: all at once may take a slow machine longer than the
 * 5 s that a call waits.
 */
export const openSessions = async ({ database }: Pick<Fixture, 'database'>, count: number): Promise<void> => {
  const transactions = Array.from({ length: count }, () => database.em.fork());
  for (const transaction of transactions) await transaction.begin();
  await Promise.all(transactions.map((transaction) => transaction.rollback()));
};

/** Tells outcomes to a list. */
const keepOutcomes = (kept: ToldOutcome[]): TellOutcome =>
  openOutcomes({
    info: (fields: Omit<ToldOutcome, 'line'>, line: string) => void kept.push({ line, ...fields }),
  } as never);

/** The error of a call that must fail. */
export const failure = async (call: Promise<unknown>): Promise<RpcError> => {
  const outcome = await call.then(
    () => new Error('the call succeeded'),
    (error: unknown) => error,
  );
  const error = readRpcError(outcome);
  if (!error) throw outcome;
  return error;
};

/** A reservation of so many won. */
export const won = (reservationId: string, units = 1_000n) => ({
  reservationId,
  amount: { currencyCode: 'KRW', units },
});
