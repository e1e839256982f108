import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tcpProxy, testServers } from '@payments/testing';
import pg from 'pg';
import { append, outboxDatabase } from '../outbox.fixture.ts';
import { backendPid } from '../relay/connect.ts';
import { emptyOldSlots, type SlotReport } from './empty-old-slots.ts';
import {
  alter,
  appendInto,
  checkpointIdleLanes,
  goOn,
  inDays,
  messagesIn,
  oldSlot,
  prepareStop,
  publishAll,
  settle,
  settleAll,
  slotNow,
  stopHere,
  stopped,
} from './retention.fixture.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let onlooker: pg.Client;
let relay: pg.Client;
let old: { slot: number; retentionHours: number };
beforeEach(async () => {
  database = await outboxDatabase();
  onlooker = await database.connect();
  relay = await database.connect();
  old = await oldSlot(onlooker);
});
afterEach(() => database[Symbol.asyncDispose]());

/** What came of the slot of messages that is old. */
const ofOldSlot = (reports: SlotReport[]): SlotReport | undefined =>
  reports.find(({ ring, slot }) => ring === 'message' && slot === old.slot);
const empty = async (): Promise<SlotReport | undefined> => ofOldSlot(await emptyOldSlots(relay, old));
/** What a stopped function waits for comes between its first check and its lock. */
async function stopBeforeTheLock(): Promise<void> {
  await prepareStop(onlooker);
  await alter(onlooker, 'outbox.empty_slot', 'if attempt = 2 then', `if attempt = 2 then ${stopHere}`);
}

describe('a slot of messages', () => {
  it('is emptied when it is old and published, and no other one is', async () => {
    await appendInto(onlooker, old.slot, 500);
    await append(onlooker, 'k', 'young');
    await settleAll(relay);
    const reports = await emptyOldSlots(relay, old);
    expect(ofOldSlot(reports)).toMatchObject({ outcome: 'emptied', reason: null });
    expect(ofOldSlot(reports)?.bytes).toBeGreaterThan(100_000);
    expect(await messagesIn(onlooker, old.slot)).toBe(0);
    expect(await messagesIn(onlooker, await slotNow(onlooker))).toBe(1);
    expect(await empty()).toMatchObject({ outcome: 'empty' });
  });

  it('is kept while one lane has not published its messages, and the lane is named', async () => {
    await appendInto(onlooker, old.slot, 50);
    const most = Array.from({ length: 16 }, (_, lane) => lane).filter((lane) => lane !== 7);
    await checkpointIdleLanes(relay, await publishAll(relay, most));
    expect(await empty()).toMatchObject({
      outcome: 'unpublished',
      reason: expect.stringContaining('lane 7'),
    });
    await settleAll(relay);
    expect(await empty()).toMatchObject({ outcome: 'emptied' });
  });

  it('is kept after the relay was down for longer than the ring, until the rows of both units are old and published', async () => {
    const reused = await slotNow(onlooker);
    await appendInto(onlooker, reused, 3);
    await settleAll(relay);
    // A ring later: the slot is used again, and the relay is away.
    await appendInto(onlooker, reused, 4);
    const retentionHours = 168;
    const ofReused = async (days: number) =>
      (await emptyOldSlots(relay, { retentionHours, at: inDays(days) })).find(({ slot }) => slot === reused)
        ?.outcome;
    expect(await ofReused(0)).toBe('young');
    expect(await ofReused(7.5)).toBe('unpublished');
    await settleAll(relay);
    expect(await ofReused(0)).toBe('young');
    expect(await messagesIn(onlooker, reused)).toBe(7);
    expect(await ofReused(7.5)).toBe('emptied');
  });

  it('with nothing but what was rolled back is emptied', async () => {
    await onlooker.query('begin');
    await appendInto(onlooker, old.slot, 100);
    await onlooker.query('rollback');
    expect(await empty()).toMatchObject({ outcome: 'emptied' });
  });

  it('is let go by a quiet lane too: its owner checkpoints how far it has looked, and no status changes', async () => {
    await appendInto(onlooker, old.slot, 20);
    const positions = await publishAll(relay);
    const statuses = async () =>
      (
        await onlooker.query<{ status: string; published_at: Date | null }>(
          'select id, status, published_at from outbox.message_status order by seq',
        )
      ).rows;
    const before = await statuses();
    expect(before).toHaveLength(20);
    expect(before.every((row) => row.published_at)).toBe(true);
    expect(await empty()).toMatchObject({ outcome: 'unsettled' });

    expect(await checkpointIdleLanes(relay, positions)).toBeGreaterThan(0);
    await settleAll(relay);
    expect(await statuses()).toEqual(before);
    // Positions that are behind the newest checkpoint take no lane back.
    expect(await checkpointIdleLanes(relay, positions)).toBe(0);
    // A session that begins here goes on behind the messages, and misses nothing that comes.
    await append(onlooker, 'k', 'next');
    const session = await database.session();
    expect((await session.nextBatch()).messages.map(({ payload }) => payload.toString())).toEqual(['next']);
    expect(await empty()).toMatchObject({ outcome: 'emptied' });
  });
});

describe('an open transaction', () => {
  it('that wrote into the slot keeps it and is named, and no writer waits beside the attempts', async () => {
    const [long, writer] = [await database.connect(), await database.connect()];
    await appendInto(onlooker, old.slot, 200);
    await settleAll(relay);
    await long.query('begin');
    await appendInto(long, old.slot, 1);
    // One that waited would fail rather than be slow.
    await writer.query(`set lock_timeout = '50ms'`);
    let over = false;
    const attempts = emptyOldSlots(relay, old).finally(() => (over = true));
    // One key, of another bucket than that of `long`: of ever new ones each 1,024th would wait for it, and rightly.
    for (let written = 0; !over || written < 20; written++) {
      await append(writer, 'other', 'x');
      // Into the slot itself, whose lock the attempts ask for; undone, or they would not ask for it again.
      await writer.query('begin');
      await appendInto(writer, old.slot, 1, 'undone');
      await writer.query('rollback');
    }
    expect(ofOldSlot(await attempts)).toMatchObject({
      outcome: 'busy',
      reason: expect.stringContaining(`process ${backendPid(long)}`),
    });
    await long.query('commit');
    expect(await empty()).toMatchObject({ outcome: 'unpublished' });
    expect(await messagesIn(onlooker, old.slot)).toBe(201);
  });

  it('that is prepared keeps it and is named', async () => {
    await settleAll(relay);
    await onlooker.query('begin');
    await appendInto(onlooker, old.slot, 1);
    await onlooker.query(`prepare transaction 'kept'`);
    expect(await empty()).toMatchObject({ outcome: 'busy', reason: expect.stringContaining('prepared') });
    await onlooker.query(`commit prepared 'kept'`);
    expect(await empty()).toMatchObject({ outcome: 'unpublished' });
  });

  it('that is older than the messages keeps them, and is named', async () => {
    const long = await database.connect();
    await long.query('begin');
    await long.query('select pg_current_xact_id()');
    await appendInto(onlooker, old.slot, 5);
    await settle(relay);
    expect(await empty()).toMatchObject({
      outcome: 'unsettled',
      reason: expect.stringMatching(/open transaction of process \d+, begun \d+ s ago/),
    });
    await long.query('rollback');
    await settleAll(relay);
    expect(await empty()).toMatchObject({ outcome: 'emptied' });
  });
});

describe('an emptying', () => {
  it('looks again under its lock: what was committed since its first look is kept', async () => {
    await appendInto(onlooker, old.slot, 100);
    await settleAll(relay);
    await stopBeforeTheLock();
    const emptying = empty();
    await stopped(onlooker);
    await appendInto(await database.connect(), old.slot, 1);
    await goOn(onlooker);
    expect(await emptying).toMatchObject({ outcome: 'unpublished' });
    expect(await messagesIn(onlooker, old.slot)).toBe(101);
  });

  it('comes to its end when its relay is frozen in the middle of it, and leaves no lock', async () => {
    await appendInto(onlooker, old.slot, 100);
    await settleAll(relay);
    await prepareStop(onlooker);
    await alter(
      onlooker,
      'outbox.empty_slot',
      "execute format('truncate",
      `${stopHere} execute format('truncate`,
    );
    await using proxy = await tcpProxy({ target: new URL(testServers().postgresUrl).host });
    const url = Object.assign(new URL(database.url), { host: proxy.address }).href;
    const frozen = new pg.Client({ connectionString: url });
    frozen.on('error', () => undefined);
    await frozen.connect();
    const unanswered = emptyOldSlots(frozen, old).catch(() => undefined);
    await stopped(onlooker);
    // It has the lock by now, and is never heard of again.
    proxy.hold();
    expect(await locksOf(frozen)).toContain(`message_${old.slot}`);
    await goOn(onlooker);

    const writer = await database.connect();
    await writer.query(`set lock_timeout = '5s'`);
    await appendInto(writer, old.slot, 1);
    expect(await locksOf(frozen)).toEqual([]);
    expect(await messagesIn(onlooker, old.slot)).toBe(1);
    proxy.cutAll();
    await frozen.end().catch(() => undefined);
    await unanswered;
  });

  it('is done by one relay at a time', async () => {
    await appendInto(onlooker, old.slot, 100);
    await settleAll(relay);
    await stopBeforeTheLock();
    const first = empty();
    await stopped(onlooker);
    const second = await database.connect();
    expect(ofOldSlot(await emptyOldSlots(second, old))).toMatchObject({
      outcome: 'elsewhere',
      reason: expect.stringMatching(/the open transaction of process \d+.* is at it/),
    });
    await goOn(onlooker);
    expect(await first).toMatchObject({ outcome: 'emptied' });
    expect(ofOldSlot(await emptyOldSlots(second, old))).toMatchObject({ outcome: 'empty' });
  });

  it('is refused with an old snapshot, which would not see the newest messages', async () => {
    await relay.query(`set default_transaction_isolation = 'repeatable read'`);
    await expect(emptyOldSlots(relay, old)).rejects.toThrow(/READ COMMITTED/);
  });

  it("is nobody else's: a writer may not call it", async () => {
    const role = `writer_${process.pid}_${Date.now()}`;
    await onlooker.query(`create role ${role}; grant usage on schema outbox to ${role}`);
    try {
      await relay.query(`set role ${role}`);
      await expect(emptyOldSlots(relay, old)).rejects.toThrow(/permission denied for function empty_slot/);
      await relay.query('reset role');
    } finally {
      await onlooker.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

/** The partitions that a session has locked against everybody. */
async function locksOf(client: pg.Client): Promise<string[]> {
  const { rows } = await onlooker.query<{ name: string }>(
    `select relname as name from pg_locks join pg_class on pg_class.oid = relation
      where pid = $1 and mode = 'AccessExclusiveLock' and relkind = 'r'`,
    [backendPid(client)],
  );
  return rows.map(({ name }) => name);
}
