import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { startPostgres } from '@payments/testing';
import pg from 'pg';
import { migrateOutbox } from '../migrations/migrate-outbox.ts';
import { append } from '../outbox.fixture.ts';
import { emptyOldSlots } from './empty-old-slots.ts';
import { appendInto, passOver, slotNow } from './retention.fixture.ts';

/** Messages in each slot: few in `npm test`; `RETENTION_ROWS=200000` for a figure to quote. */
const rows = Number(process.env['RETENTION_ROWS'] ?? 5000);
const slots = 4;
const writers = 4;
const quietMs = rows > 50_000 ? 5000 : 1500;

it(`writers wait no longer while ${slots} slots of ${rows} messages are emptied, beside an open transaction`, async () => {
  await using cleanup = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-emptying-'));
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  const { url } = cleanup.use(await startPostgres({ dataDir }));
  await migrateOutbox({ databaseUrl: url });
  const connect = async () => {
    const client = new pg.Client(url);
    await client.connect();
    cleanup.defer(() => client.end());
    return client;
  };
  const [relay, open] = [await connect(), await connect()];
  const present = await slotNow(relay);
  // Of the units before this one, the latest but for two, which are old by an hour whatever the time.
  const old = Array.from({ length: slots }, (_, index) => (present + 12 - index) % 16);
  for (const slot of old) await appendInto(relay, slot, rows);
  await passOver(relay);
  await open.query('begin');
  await append(open, 'open', 'held');

  const writing = await Promise.all(Array.from({ length: writers }, connect));
  const baseline = await latencies(writing, () => pause(quietMs));
  let emptied = 0;
  const beside = await latencies(writing, async () => {
    await pause(quietMs / 4);
    const reports = await emptyOldSlots(relay, { retentionHours: 1 });
    emptied = reports.filter(({ ring, outcome }) => ring === 'message' && outcome === 'emptied').length;
    await pause(quietMs / 4);
  });
  expect(emptied).toBe(slots);

  const [before, during] = [percentile(baseline, 0.99), percentile(beside, 0.99)];
  console.log(
    `writers' p99 while ${slots} slots of ${rows} messages are emptied: ${during.toFixed(1)} ms, before ${before.toFixed(1)} ms ` +
      `(ratio ${(during / before).toFixed(2)}; ${beside.length} and ${baseline.length} appends; longest ` +
      `${percentile(beside, 1).toFixed(0)} ms, before ${percentile(baseline, 1).toFixed(0)} ms)`,
  );
  // On a machine that other specs keep busy both are far apart from run to run; writers that waited for the open transaction
  // would be seen.
  expect(during).toBeLessThan(Math.max(5 * before, 500));
});

/** How long each append took, in milliseconds, while `work` was done. */
async function latencies(clients: pg.Client[], work: () => Promise<void>): Promise<number[]> {
  const taken: number[] = [];
  let over = false;
  const write = async (client: pg.Client, writer: number): Promise<void> => {
    for (let number = 0; !over; number++) {
      const begun = performance.now();
      await append(client, `writer-${writer}-${number}`, 'x');
      taken.push(performance.now() - begun);
    }
  };
  const writing = Promise.all(clients.map(write));
  await work().finally(() => (over = true));
  await writing;
  return taken;
}

const percentile = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
