import { pollUntil } from '@payments/servers';
import type pg from 'pg';
import type { BenchDatabase } from '../ground/ground.ts';
import { letGo } from '../ground/let-go.ts';
import { startRelays } from '../ground/start-relays.ts';
import type { Relays } from '../ground/start-relays.ts';
import { checkArrived } from '../load/check-arrived.ts';
import { appendMessages } from '../load/messages.ts';
import { takeAsTheyCome } from '../load/take-as-they-come.ts';
import { writeSteadily } from '../load/write-steadily.ts';
import { followTopic } from '../measure/follow-topic.ts';
import { costOf, cpuMsOf } from '../measure/process-cost.ts';
import { percentile, ratios } from '../report/figures.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';

/** Whether a snapshot that somebody holds, which forbids PostgreSQL to clean up, makes the outbox slower by and by. */
export const heldSnapshot: Scenario = {
  name: 'held-snapshot',
  says: 'Ten minutes of 1,000 messages a second beside a snapshot and a transaction that are held open: the last minute against the first.',
  run: measureHeldSnapshot,
};

const keys = 1000;
const perSecond = 1000;
/** In seconds. */
const lengths = { warmUp: 30, minute: 60, minutes: 10 };
const quickLengths = { warmUp: 1, minute: 2, minutes: 4 };

/** When a message was committed and when it came to the consumer, by its number: `performance.now()`. */
interface Times {
  committedAt: Float64Array;
  arrivedAt: Float64Array;
}

/** A minute while it is written. */
interface Stretch {
  from: number;
  count: number;
  begun: number;
  ended: number;
  /** Processor time that passed meanwhile, in milliseconds; the relay's memory at the end (PSS), in MB. */
  relayMs: number;
  databaseMs: number;
  memoryMb: number;
}

async function measureHeldSnapshot(bench: Bench): Promise<Outcome> {
  const { ground, quick, log, stop } = bench;
  const { warmUp, minute, minutes } = quick ? quickLengths : lengths;
  const count = perSecond * (warmUp + minute * minutes);
  const topic = await ground.topic();
  await using database = await ground.database();
  const stretches: Stretch[] = [];
  const committedAt = new Float64Array(count);
  using taking = await takeAsTheyCome(ground.kafka, { topic, from: 0, count, keys, stop });
  {
    await using relays = await startRelays(ground, { databaseUrl: database.url, count: 1, holds: false });
    await using writer = await openWriter(database);
    const write = (from: number, seconds: number) =>
      writeStretch(bench, { client: writer.client, relays, topic, from, seconds, committedAt });
    log(`warming up for ${warmUp} s`);
    await write(0, warmUp);
    await using held = await holdOpen(bench, database);
    while (stretches.length < minutes) {
      stretches.push(await write(perSecond * (warmUp + minute * stretches.length), minute));
      log(`${minute * stretches.length} s of ${minute * minutes} are written`);
    }
    await taking.all;
    await held.end();
  }
  const dead = await deadRows(database.client, count);
  await ground.kafka.deleteTopic(topic);
  return outcomeOf({ stretches, dead, times: { committedAt, arrivedAt: taking.arrivedAt } });
}

async function openWriter(database: BenchDatabase): Promise<{ client: pg.Client } & AsyncDisposable> {
  const client = await database.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** Writes for so long at the even rate. */
async function writeStretch(
  { ground, stop }: Bench,
  options: {
    client: pg.Client;
    relays: Relays;
    topic: string;
    from: number;
    seconds: number;
    committedAt: Float64Array;
  },
): Promise<Stretch> {
  const { client, relays, topic, from, seconds, committedAt } = options;
  const count = seconds * perSecond;
  const cpu = () => Promise.all([cpuMsOf(relays.pids), cpuMsOf([ground.postgres.pid])]);
  const [begun, before] = [performance.now(), await cpu()];
  await writeSteadily(client, {
    ...{ topic, from, count, keys, perSecond, stop },
    committed: (number, some) => {
      committedAt.fill(performance.now(), number, number + some);
      relays.wake();
    },
  });
  const [ended, after] = [performance.now(), await cpu()];
  const [relayMs, databaseMs] = [after[0] - before[0], after[1] - before[1]];
  return { from, count, begun, ended, relayMs, databaseMs, memoryMb: (await costOf(relays.pids)).memoryMb };
}

/**
 * Holds a snapshot on one session, and a transaction with a message of its own on another. That message's key is none of those
 * that are written, which would have to wait for it.
 */
async function holdOpen(
  { ground, stop }: Bench,
  database: BenchDatabase,
): Promise<{ end: () => Promise<void> } & AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const connect = async () => opening.adopt(await database.connect(), (client) => client.end());
  const [reader, writer] = [await connect(), await connect()];
  await reader.query('begin isolation level repeatable read');
  await reader.query('select from outbox.message');
  const own = { topic: await ground.topic(), from: keys, count: 1, keys: keys + 1 };
  await writer.query('begin');
  await appendMessages(writer, { ...own, perTransaction: 1 });
  const open = opening.move();
  return {
    end: async () => {
      await writer.query('commit');
      await letGo(writer);
      await followTopic(ground.kafka, { topic: own.topic, total: 1, stop });
      await checkArrived(ground.kafka, { ...own, stop });
      await reader.query('rollback');
      await ground.kafka.deleteTopic(own.topic);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/**
 * Rows of the log and of its checkpoints that were changed or deleted, also those that autovacuum has taken away by now. Sessions tell
 * what they did when they end.
 */
async function deadRows(onlooker: pg.Client, written: number): Promise<number> {
  return await pollUntil({ for: 'the statistics of what was written', timeoutMs: 30_000 }, async () => {
    const { rows } = await onlooker.query<{ inserted: number; dead: number }>(
      `select coalesce(sum(n_tup_ins) filter (where relname ~ '^message'), 0)::integer as inserted, sum(greatest(n_dead_tup, n_tup_upd + n_tup_del))::integer as dead
         from pg_stat_user_tables where schemaname = 'outbox' and relname ~ '^(message|checkpoint)_\\d'`,
    );
    const [found] = rows;
    return found && found.inserted > written ? found.dead : undefined;
  });
}

/** What a minute was like. */
function minuteOf(stretch: Stretch, { committedAt, arrivedAt }: Times) {
  const { from, count, begun, ended, relayMs, databaseMs, memoryMb } = stretch;
  const came = arrivedAt.filter((at) => at > begun && at <= ended);
  const waits = Array.from({ length: count }, (_, index) =>
    // Now and then it has come before the writer hears of its own commit.
    Math.max(0, (arrivedAt[from + index] ?? NaN) - (committedAt[from + index] ?? NaN)),
  );
  return {
    written: count / ((ended - begun) / 1000),
    delivered: came.length / ((ended - begun) / 1000),
    p50: percentile(waits, 50),
    p99: percentile(waits, 99),
    relayUs: (relayMs * 1000) / count,
    databaseUs: (databaseMs * 1000) / count,
    memoryMb,
  };
}

function outcomeOf(found: { stretches: Stretch[]; dead: number; times: Times }): Outcome {
  const minutes = found.stretches.map((stretch) => minuteOf(stretch, found.times));
  type Minute = (typeof minutes)[number];
  const ends = { first: minutes.slice(0, 1), last: minutes.slice(-1) };
  const both = (figure: keyof Minute, name: string, unit: string): Figure[] =>
    (['first', 'last'] as const).map((end) => ({
      system: `${end} minute`,
      name,
      unit,
      values: ends[end].map((minute) => minute[figure]),
    }));
  const lastToFirst = (figure: keyof Minute) =>
    ratios(
      ends.last.map((minute) => minute[figure]),
      ends.first.map((minute) => minute[figure]),
    );
  return {
    figures: [
      ...both('written', 'written', 'messages/s'),
      ...both('delivered', 'delivered', 'messages/s'),
      ...both('p50', 'commit to consumer, p50', 'ms'),
      ...both('p99', 'commit to consumer, p99', 'ms'),
      ...both('relayUs', 'processor, relay', 'µs/message'),
      ...both('databaseUs', 'processor, database', 'µs/message'),
      ...both('memoryMb', 'memory at its end (PSS)', 'MB'),
    ],
    targets: [
      {
        says: 'delivered messages/s, last minute / first',
        values: lastToFirst('delivered'),
        bound: { atLeast: 0.95 },
      },
      { says: 'dead rows of messages and checkpoints', values: [found.dead], bound: { atMost: 0 } },
      { says: 'p50, last minute / first', values: lastToFirst('p50'), bound: null },
      { says: 'p99, last minute / first', values: lastToFirst('p99'), bound: null },
      {
        says: "the relay's processor time for a message, last minute / first",
        values: lastToFirst('relayUs'),
        bound: null,
      },
      {
        says: "the database's processor time for a message, last minute / first",
        values: lastToFirst('databaseUs'),
        bound: null,
      },
    ],
    notes: [
      `One round. ${perSecond} messages of 200 bytes a second, 10 to a transaction, ${keys} keys; the relay with its own defaults, woken after each commit. The first minute begins when the relay is warm.`,
      'Held all the time: a snapshot (REPEATABLE READ, on the messages), and a transaction that has appended a message of its own, which arrives when it commits at the end. The processor time of the database is that of the writer and of autovacuum as well.',
    ],
  };
}
