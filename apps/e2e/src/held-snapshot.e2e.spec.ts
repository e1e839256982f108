import { expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import type pg from 'pg';
import { heldSnapshotMessages } from './config.ts';
import { untilShares } from './lanes-seen.fixture.ts';
import { keys, writeSteadily } from './steady-writing.fixture.ts';
import { startSystem } from './system.fixture.ts';

/** How often 30 messages are appended, in milliseconds: 1,500 messages a second. */
const everyMs = 20;

/** What was done to the rows of the log and of its checkpoints, over all partitions. */
async function rowsTouched(onlooker: pg.Client) {
  const { rows } = await onlooker.query<Record<'inserted' | 'changed' | 'deleted' | 'dead', number>>(
    `select sum(n_tup_ins)::integer as inserted, sum(n_tup_upd)::integer as changed, sum(n_tup_del)::integer as deleted,
            sum(n_dead_tup)::integer as dead
       from pg_stat_user_tables where schemaname = 'outbox' and relname ~ '^(message|checkpoint)_\\d'`,
  );
  return rows[0];
}

/**
 * From the append of a batch's last message to the batch's checkpoint, in milliseconds, for the first and for the last
 * tenth of them.
 */
async function latencies(onlooker: pg.Client) {
  const { rows } = await onlooker.query<{ p50: number; p99: number }>(
    `with batch as (
       select ntile(10) over (order by checkpoint.number) as tenth,
              extract(epoch from checkpoint.published_at - message.created_at) * 1000 as ms
         from outbox.checkpoint join outbox.message
           on message.lane::integer = checkpoint.lane and message.seq = checkpoint.pos)
     select percentile_cont(0.5) within group (order by ms) as p50, percentile_cont(0.99) within group (order by ms) as p99
       from batch where tenth in (1, 10) group by tenth order by tenth`,
  );
  const [first, last] = rows;
  if (!first || !last) throw new Error('there are no checkpoints');
  return { first, last };
}

it('a snapshot held open beside the relay makes nothing slower, and leaves no dead row in the log', async () => {
  await using system = await startSystem();
  const [writer, onlooker, holder] = [await system.connect(), await system.connect(), await system.connect()];
  await system.start('relay', { RELAY_POLL_MS: '20' });
  await untilShares(onlooker, [16]);
  await holder.query('begin isolation level repeatable read');
  await holder.query('select from outbox.message');

  const total = heldSnapshotMessages();
  const enough = new AbortController();
  const topic = 'numbers';
  const writing = writeSteadily(writer, { topic, enough: enough.signal, everyMs });
  const within = { timeoutMs: total * 2 + 60_000, everyMs: 500 };
  await eventually(
    async () => expect(await system.kafka.recordsAppended(topic)).toBeGreaterThanOrEqual(total),
    within,
  );
  enough.abort();
  const written = keys * (await writing);
  await eventually(async () => expect(await system.kafka.recordsAppended(topic)).toBe(written), within);
  // Backends tell what they did with a delay, at the latest when they end.
  await writer.end();
  await eventually(
    async () => expect((await rowsTouched(onlooker))?.inserted).toBeGreaterThanOrEqual(written),
    {
      everyMs: 500,
    },
  );
  expect(await rowsTouched(onlooker)).toMatchObject({ changed: 0, deleted: 0, dead: 0 });

  await holder.query('rollback');
  const { first, last } = await latencies(onlooker);
  console.log(
    `${written} messages beside a held snapshot: p50 ${first.p50.toFixed(1)} then ${last.p50.toFixed(1)} ms ` +
      `(ratio ${(last.p50 / first.p50).toFixed(2)}), p99 ${first.p99.toFixed(1)} then ${last.p99.toFixed(1)} ms ` +
      `(ratio ${(last.p99 / first.p99).toFixed(2)})`,
  );
  expect(last.p50 / first.p50).toBeLessThan(2);
}, 3_600_000);
