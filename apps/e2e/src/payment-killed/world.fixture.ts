import { openPaymentClient, type PaymentClient } from '@payments/contracts';
import {
  startGatewayStandIn,
  startService,
  tcpProxy,
  throwAwayDatabase,
  type GatewayStandIn,
  type RunningService,
  type TcpProxy,
} from '@payments/testing';
import pg from 'pg';
import { asRole, prepared } from '../database-roles/prepare-database.fixture.ts';

/** A payment service, the gateway it asks, and proxies on its ways to PostgreSQL and to its clients. */
export interface World extends AsyncDisposable {
  gateway: GatewayStandIn;
  /** Between the service and PostgreSQL. */
  database: TcpProxy;
  /** Asks the database past the service. */
  sql: <Row extends pg.QueryResultRow>(statement: string, parameters?: unknown[]) => Promise<Row[]>;
  /** Starts a process of the service; the one before has to be dead. */
  start: () => Promise<Instance>;
}

/** One process of the service. */
export interface Instance {
  client: PaymentClient;
  /** Between the client and the service. */
  calls: TcpProxy;
  /** Waits until it takes calls. */
  ready: () => Promise<void>;
  /** SIGKILL, and the end of everything that the proxies held back for it. */
  kill: () => Promise<void>;
}

/** Opens a world of its own database; nothing is started in it yet but the gateway. */
export async function openWorld(): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const { url } = opening.use(await throwAwayDatabase({ template: prepared }));
  const database = opening.use(await tcpProxy({ target: new URL(url).host }));
  const gateway = opening.use(await startGatewayStandIn());
  const onlooker = new pg.Client({ connectionString: url });
  await onlooker.connect();
  opening.defer(() => onlooker.end());
  const env = {
    DATABASE_URL: Object.assign(new URL(asRole(url, 'payment')), { host: database.address }).href,
    AUTHORIZER_URL: gateway.url,
    // Longer than anything is held: a call that asks twice is at another point.
    AUTHORIZER_TIMEOUT_MS: '20000',
  };
  const opened = opening.move();
  return {
    gateway,
    database,
    sql: async <Row extends pg.QueryResultRow>(statement: string, parameters?: unknown[]) =>
      (await onlooker.query<Row>(statement, parameters)).rows,
    start: async () => openInstance(opened, database, await startService({ app: 'payment', env })),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function openInstance(
  opened: AsyncDisposableStack,
  database: TcpProxy,
  service: RunningService,
): Promise<Instance> {
  opened.use(service);
  const calls = opened.use(await tcpProxy({ target: service.grpc ?? '' }));
  const client = opened.use(openPaymentClient({ address: calls.address }));
  return {
    client,
    calls,
    ready: service.ready,
    kill: async () => {
      await service.kill('SIGKILL');
      client.close();
      calls.cutAll();
      database.cutAll();
    },
  };
}
