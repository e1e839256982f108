import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { append, outboxDatabase, waitsForALock } from '../outbox.fixture.ts';
import { readClusterIdentity, readPositions, writeCheckpoints } from '../relay/checkpoints.ts';
import { lanes } from '../relay/share-lanes.ts';
import type { Checkpoint } from '../relay/position.ts';
import { emptyOldSlots, type SlotReport } from './empty-old-slots.ts';
import { goOn, inDays, oldSlot, prepareStop, settleAll, slotNow, stopped } from './retention.fixture.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let onlooker: pg.Client;
let relay: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  onlooker = await database.connect();
  relay = await database.connect();
});
afterEach(() => database[Symbol.asyncDispose]());

const positions = async () =>
  (await readPositions(onlooker, lanes, await readClusterIdentity(onlooker))).positions;
const checkpointSlots = (reports: SlotReport[], outcome: string): number[] =>
  reports.flatMap((report) =>
    report.ring === 'checkpoint' && report.outcome === outcome ? report.slot : [],
  );
const checkpointCount = async (): Promise<number> =>
  Number((await onlooker.query<{ count: string }>('select count(*) from outbox.checkpoint')).rows[0]?.count);

/** By now every slot but the present one is old, at every time of day. */
const later = { retentionHours: 1, at: inDays(3) };

describe('a slot of checkpoints', () => {
  it('is emptied, and every lane stands where it stood: in a window, between two, or at its beginning', async () => {
    for (let count = 0; count < 40; count++) {
      await append(onlooker, `k${count % 9}`, 'x');
      if (count % 10 === 0) await settleAll(relay);
    }
    const session = await database.session({ rows: 1 });
    await session.acknowledge(await session.nextBatch());
    await session[Symbol.asyncDispose]();
    const before = await positions();
    expect(before.filter(({ window }) => window !== null)).not.toHaveLength(0);
    expect(await checkpointCount()).toBeGreaterThan(40);

    const present = await slotNow(onlooker);
    expect(checkpointSlots(await emptyOldSlots(relay, later), 'emptied')).toEqual([present]);
    expect(await positions()).toEqual(before);
    expect(await checkpointCount()).toBe(16);
    // And once more around the ring.
    for (const days of [6, 9, 12]) await emptyOldSlots(relay, { ...later, at: inDays(days) });
    expect(await positions()).toEqual(before);
    expect(await checkpointCount()).toBe(16);
  });

  it('takes no status along: what is still in the log stays published, and keeps its time', async () => {
    await append(onlooker, 'k', 'x');
    const session = await database.session();
    await session.acknowledge(await session.nextBatch());
    const status = async () =>
      (await onlooker.query<{ status: string }>('select * from outbox.message_status')).rows;
    const before = await status();
    expect(before).toMatchObject([{ status: 'PUBLISHED', published_at: expect.any(Date) }]);
    const reports = await emptyOldSlots(relay, later);
    expect(checkpointSlots(reports, 'emptied')).toHaveLength(1);
    expect(await status()).toEqual(before);
  });

  it('does not take an owner back who publishes meanwhile: the owner waits for those milliseconds', async () => {
    const owner = await database.connect();
    // The positions lie in an old slot, and both sides write into the present one.
    const old = await oldSlot(onlooker);
    await onlooker.query('update outbox.checkpoint set slot = $1', [old.slot]);
    await stopAtFirstLane();
    const emptying = emptyOldSlots(relay, old);
    await stopped(onlooker);

    const publishing = publish(owner);
    const waits = waitsForALock(onlooker, owner);
    await Promise.race([publishing, waits]);
    await goOn(onlooker);
    expect(checkpointSlots(await emptying, 'emptied')).toEqual([old.slot]);
    await publishing;
    expect((await positions()).map(({ pos }) => pos)).toEqual(lanes.map(() => 99n));
    await waits;
  });

  it('stays while somebody reads it, and nobody waits for that reader', async () => {
    await onlooker.query('begin');
    await onlooker.query('select count(*) from outbox.checkpoint');
    const reports = await emptyOldSlots(relay, { ...later, pause: () => Promise.resolve() });
    expect(reports.find(({ ring, outcome }) => ring === 'checkpoint' && outcome === 'busy')).toMatchObject({
      slot: await slotNow(onlooker),
      reason: expect.stringMatching(/held by the open transaction of process \d+/),
    });
    const owner = await database.connect();
    await owner.query(`set lock_timeout = '1s'`);
    await publish(owner);
    await onlooker.query('commit');
  });
});

/** Appends a checkpoint of every lane that differs from those before. */
async function publish(owner: pg.Client): Promise<void> {
  const checkpoint = (lane: number): Checkpoint => ({
    lane,
    done: '1:1:',
    window: '5:5:',
    pos: 99n,
    count: 1,
    floor: 0n,
    nextFloor: 0n,
    ceiling: 99n,
  });
  await writeCheckpoints(owner, lanes.map(checkpoint), await readClusterIdentity(owner));
}

/** Stops a carry when it has seen all positions and carried that of the first lane. */
async function stopAtFirstLane(): Promise<void> {
  await prepareStop(onlooker);
  await onlooker.query(`
create function public.stop_carry() returns trigger language plpgsql as $$
begin
  if new.lane = 0 and new.count = 0 then perform public.stop_here(); end if;
  return new;
end $$`);
  for (let slot = 0; slot < 16; slot++) {
    await onlooker.query(`create trigger stop before insert on outbox.checkpoint_${slot}
                          for each row execute function public.stop_carry()`);
  }
}
