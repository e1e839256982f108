import { MikroORM } from '@mikro-orm/postgresql';
import { joinCommit, OutboxMessage, outboxSubscriber } from '@payments/outbox/writer';
import { isWithin } from '@payments/runtime';
import { longestCallMs } from '../call/call-context.ts';
import { GatewayTask } from './gateway-task.ts';
import { PaymentHistory } from './payment-history.ts';
import { Payment } from './payment.ts';
import { Refund } from './refund.ts';
import { joinStatements } from './join-statements.ts';
import { releaseDeadClients } from './release-dead-clients.ts';
import type { Pool } from './release-dead-clients.ts';
import { StoredRequest } from './stored-request.ts';

/** The service's database: a pool that connects when it is first used. */
export type Database = MikroORM;

/**
 * How long a statement may go unanswered, in milliseconds. The server ends a call's statements at its deadline: one
 * that is not answered well after the longest call is on a connection that has gone silent.
 */
const defaultAnswerMs = longestCallMs + 5_000;

/**
 * On 2 cores 20 connections carry what 10 do and half as much again. The calls that `GRPC_MAX_CONCURRENCY` lets in beyond
 * them wait for some tenths of a second (64 calls, 200 a second), far from the 5 s after which they would fail.
 */
const defaultConnections = 20;

/**
 * Opens the service's database. Nothing is connected yet, so this works while the server is away.
 * @param options.applicationName what PostgreSQL shows of its sessions; default `payment`
 * @param options.connections the most connections at a time; further calls wait for one, up to 5 s
 * @param options.answerWithinMs a statement without an answer for so long fails, and its connection is ended; default
 * 35 s, 0 for no bound
 */
export const openDatabase = (options: {
  databaseUrl: string;
  connections?: number;
  answerWithinMs?: number;
  applicationName?: string;
  log?: (line: string) => void;
}): Database =>
  new MikroORM({
    clientUrl: options.databaseUrl,
    entities: [Payment, PaymentHistory, Refund, GatewayTask, StoredRequest, OutboxMessage],
    subscribers: [outboxSubscriber],
    // At its first use MikroORM would ask whether the database is there, and make one that is not.
    ensureDatabase: false,
    pool: { min: 0, max: options.connections ?? defaultConnections },
    driverOptions: {
      // MikroORM takes host, user and database from its URL, and drops the rest: `sslmode` and `sslrootcert` above all.
      connectionString: options.databaseUrl,
      application_name: options.applicationName ?? 'payment',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      query_timeout: options.answerWithinMs ?? defaultAnswerMs,
      onPoolCreated: (pool: Pool) => {
        releaseDeadClients(pool);
        joinStatements(pool);
        joinCommit(pool);
      },
    },
    forceUtcTimezone: true,
    logger: options.log ?? (() => undefined),
    colors: false,
  });

/** Closes the pool once its last transaction has ended, or leaves it after `withinMs`: the process ends anyway. */
export const closeDatabase = async (options: {
  database: Database;
  withinMs: number;
  log: (line: string) => void;
}): Promise<void> => {
  const { database, withinMs, log } = options;
  if (await isWithin(database.close(), withinMs)) return;
  log(`transactions were still open after ${withinMs} ms and are left to their own timeout`);
};
