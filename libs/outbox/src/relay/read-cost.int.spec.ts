import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { appendMany, outboxDatabase } from '../outbox.fixture.ts';
import { readPositions, readClusterIdentity } from './checkpoints.ts';
import { connectRelay } from './connect.ts';
import { takeMark } from './mark.ts';
import { lanes } from './share-lanes.ts';
import { advance, type Positions } from './position.ts';
import { readMessages } from './read-messages.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let writer: pg.Client;
let relay: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  writer = await database.connect();
  relay = await connectRelay(database.url);
  // It waits here for writers, with nothing that says it is alive.
  await relay.query('set idle_session_timeout = 0');
});
afterEach(async () => {
  await relay.end();
  await database[Symbol.asyncDispose]();
});

const limits = { rows: 1000, bytes: 4 * 1024 * 1024 };

async function startingPositions(): Promise<Positions> {
  return (await readPositions(relay, lanes, await readClusterIdentity(relay))).positions;
}

/** The pages that one read touches, in the server's cache or not: what it costs, whatever else the machine does. */
async function pagesTouched(positions: Positions, mark: bigint): Promise<number> {
  let statement: pg.QueryConfig | undefined;
  const noting = {
    query: (config: pg.QueryConfig) => {
      statement = config;
      return relay.query(config);
    },
  };
  await readMessages(noting as never, positions, { limits, mark });
  if (!statement) throw new Error('The read asked nothing of the database.');
  const { rows } = await relay.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>({
    text: `explain (analyze, buffers, format json) ${statement.text}`,
    values: statement.values,
  });
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  return (plan?.['Shared Hit Blocks'] ?? NaN) + (plan?.['Shared Read Blocks'] ?? NaN);
}

/** Works through all that waits from `positions` on. `look` sees the positions before each read, and its number. */
async function workThrough(
  from: Positions,
  look: (positions: Positions, mark: bigint, read: number) => Promise<void> = () => Promise.resolve(),
): Promise<{ positions: Positions; messages: number; reads: number }> {
  const mark = await takeMark(relay);
  let positions = from;
  let messages = 0;
  for (let reads = 0; ; reads++) {
    await look(positions, mark, reads);
    const found = await readMessages(relay, positions, { limits, mark });
    const finishing = positions.some(({ window }) => window !== null);
    positions = advance(positions, found.outcome).next;
    messages += found.messages.length;
    if (found.messages.length === 0 && !finishing && positions.every(({ window }) => window === null))
      return { positions, messages, reads };
  }
}

const backlog = 50_000;
const readsOfBacklog = backlog / limits.rows;

/** A batch of these lies on some 70 pages. */
const appendLarge = (client: pg.Client, count: number, key: string) =>
  appendMany(client, count, key, `convert_to(repeat('x', 400), 'UTF8')`);

/** What the first, the middle and the last read of a backlog cost. */
async function costOfBacklog(from: Positions): Promise<{ pages: number[]; messages: number }> {
  const chosen = [0, 1, readsOfBacklog / 2, readsOfBacklog - 1];
  const pages: number[] = [];
  const { messages } = await workThrough(from, async (positions, mark, read) => {
    if (chosen.includes(read)) pages.push(await pagesTouched(positions, mark));
  });
  return { pages, messages };
}

/** The pages of some batches, and those of the searches in every lane and partition: 550 to 1,000 when this was written. */
const fewPages = 1500;

describe('the cost of a read', () => {
  it('is the same from the first batch of a large window to its last, beside retained rows and an open transaction', async () => {
    await appendLarge(writer, backlog, `'k'`);
    const { positions } = await workThrough(await startingPositions());
    const open = await database.connect();
    await open.query('begin');
    // They lie before the backlog in its lane: its first read has to pass them by.
    await appendLarge(open, 5_000, `'open'`);
    await appendLarge(writer, backlog, `'k'`);
    await writer.query('analyze outbox.message');

    const { pages, messages } = await costOfBacklog(positions);
    expect(messages).toBe(backlog);
    expect(pages).toHaveLength(4);
    expect(Math.max(...pages)).toBeLessThan(3 * Math.min(...pages));
    expect(Math.max(...pages)).toBeLessThan(fewPages);
  });

  it('is the same for a large transaction that committed late', async () => {
    const open = await database.connect();
    await open.query('begin');
    await appendLarge(open, backlog, `'k'`);
    await appendMany(writer, 10, `'k' || i`);
    const { positions } = await workThrough(await startingPositions());
    await open.query('commit');

    const { pages, messages } = await costOfBacklog(positions);
    expect(messages).toBe(backlog);
    expect(Math.max(...pages)).toBeLessThan(fewPages);
  });

  it('does not grow with what was appended behind the window', async () => {
    await appendMany(writer, 1500, `'k'`);
    const mark = await takeMark(relay);
    const first = await readMessages(relay, await startingPositions(), { limits, mark });
    const { next } = advance(await startingPositions(), first.outcome);
    const before = await pagesTouched(next, mark);
    await appendLarge(writer, backlog, `'k'`);
    expect(await pagesTouched(next, mark)).toBeLessThan(3 * before);
  });

  it('is that of an idle round where all of the log is published, or open for long', async () => {
    const idle = await workThrough(await startingPositions());
    const searches = await pagesTouched(idle.positions, await takeMark(relay));
    await appendLarge(writer, backlog, `'k'`);
    const open = await database.connect();
    await open.query('begin');
    await appendLarge(open, backlog, `'open'`);
    await appendMany(writer, 1, `'k'`);
    const { positions } = await workThrough(idle.positions);
    expect(await pagesTouched(positions, await takeMark(relay))).toBeLessThan(searches + 500);
  });
});
