/**
 * A service in miniature for telemetry.int.spec.ts. Within the trace that it is given it makes a span as our services do, by
 * OpenTelemetry's API alone, and below it queries PostgreSQL, once in vain, posts to a webhook by `fetch` and by `node:http`, and
 * logs. The same queries and requests come before, belonging to no trace.
 */
import { once } from 'node:events';
import { get, request } from 'node:http';
import { ROOT_CONTEXT, SpanKind, propagation, trace } from '@opentelemetry/api';
import pg from 'pg';

import { createLog } from '../create-log.ts';
import { runUntilSignal } from '../run-until-signal.ts';

const [databaseUrl, webhook, traceparent] = process.argv.slice(2) as [string, string, string];
const log = createLog('child');

async function post(): Promise<void> {
  const posting = request(webhook, { method: 'POST' }).end('{}');
  const [response] = (await once(posting, 'response')) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, 'end');
}

async function poll(pool: pg.Pool): Promise<void> {
  await pool.query('select 2 as polled');
  await fetch(webhook);
  const [response] = (await once(get(webhook), 'response')) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, 'end');
}

async function pay(pool: pg.Pool): Promise<void> {
  await pool.query('select $1::text as paid', ['s3cretParameter']);
  await pool.query('select $1::uuid', ['s3cretParameter']).catch(() => undefined);
  await fetch(webhook, { method: 'POST', body: '{}' });
  await fetch('http://127.0.0.1:2/s3cretPath').catch(() => undefined);
  await post();
  log.info('paid');
}

await runUntilSignal(
  async () => {
    const pool = new pg.Pool({ connectionString: databaseUrl });
    await poll(pool);
    const from = propagation.extract(ROOT_CONTEXT, { traceparent });
    await trace.getTracer('child').startActiveSpan('Pay', { kind: SpanKind.SERVER }, from, async (span) => {
      await pay(pool);
      span.end();
    });
    await pool.end();
  },
  { log },
);
