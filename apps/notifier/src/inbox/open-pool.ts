import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import pg from 'pg';

/** A few connections are enough: each channel has one statement under way, and Slack sets the pace. */
const poolSize = 4;

/** Connections to PostgreSQL. Connecting is given up after 5 s, statements after 10 s. */
export type Pool = AsyncDisposable & Pick<pg.Pool, 'query'>;

/** Opens them; connects with the first statement. */
export function openPool(databaseUrl: string): Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'notifier',
    max: poolSize,
    connectionTimeoutMillis: 5000,
    query_timeout: 10_000,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced by the pool; the next statement reports what is wrong.
  pool.on('error', () => undefined);
  keepContexts(pool);
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

type Connect = (then?: (...args: unknown[]) => void) => unknown;

/**
 * Runs each statement in the context that asked for it. Who waits for a connection is called by whoever gives one back: the
 * statement would belong to that one's trace. Connections, which serve all, are opened in no context.
 */
function keepContexts(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool) as Connect;
  const keeping: Connect = (then) => {
    const inItsContext = then && context.bind(context.active(), then);
    return context.with(ROOT_CONTEXT, () => connect(inItsContext));
  };
  pool.connect = keeping as typeof pool.connect;
}
