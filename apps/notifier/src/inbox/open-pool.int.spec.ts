import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import { throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { keepTraces } from '../traces.fixture.ts';
import { openPool } from './open-pool.ts';

const traces = keepTraces();
let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

describe('the pool', () => {
  it('runs a statement that waited for a connection in its own context, not in that of who gave it back', async () => {
    const { url } = stack.use(await throwAwayDatabase());
    const pool = stack.use(openPool(url));
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    stack.defer(() => holder.end());
    await holder.query('select pg_advisory_lock(1)');
    // As many as there are connections wait for the lock; those behind them, for a connection.
    const span = trace.getTracer('spec').startSpan('a post');
    const inPost = context.with(trace.setSpan(context.active(), span), () =>
      Array.from({ length: 4 }, () => pool.query('select pg_advisory_xact_lock_shared(1) as held')),
    );
    const inNone = Array.from({ length: 4 }, () => pool.query('select 2 as polled'));
    await holder.query('select pg_advisory_unlock(1)');
    await Promise.all([...inPost, ...inNone]);
    span.end();
    const names = traces.below(traces.named('a post')[0]).map(({ name }) => name);
    expect(names).toEqual(Array(4).fill('sql select pg_advisory_xact_lock_shared(1) as held'));
    expect(traces.spans()).toHaveLength(5);
  });
});
