import type pg from 'pg';
import type { BenchDatabase } from '../ground/ground.ts';
import { letGo } from '../ground/let-go.ts';
import { startRelays } from '../ground/start-relays.ts';
import type { Relays } from '../ground/start-relays.ts';
import { checkArrived } from '../load/check-arrived.ts';
import { fill } from '../load/fill.ts';
import { appendMessages } from '../load/messages.ts';
import { followTopic } from '../measure/follow-topic.ts';
import { highestWhile } from '../measure/highest-while.ts';
import { costOf, cpuMsOf } from '../measure/process-cost.ts';
import { median, ratios } from '../report/figures.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';

/** Whether a relay drains as fast, and in as little memory, where a hundred times as much waits. */
export const backlog: Scenario = {
  name: 'backlog',
  says: 'Drain rate and memory of a relay with 50 thousand and with 5 million messages waiting, beside a transaction that stays open.',
  diskGb: 12,
  run: measureBacklog,
};

const keys = 1000;
/** `few` are gone in a second: they are drained so often before and behind the many, and the median of all is held against these. */
const sizes = { few: 50_000, many: 5_000_000, warmUp: 200_000, times: 3 };
const quickSizes = { few: 2000, many: 20_000, warmUp: 2000, times: 1 };
/** A round takes minutes. */
const roundsAtMost = 2;

/** A relay that is warm, and the database that it reads. */
interface Side extends AsyncDisposable {
  database: BenchDatabase;
  relays: Relays;
}

/** What a drain took. */
interface Drain {
  /** Messages a second: of all, of the first `few`, of the last `few`. */
  rate: number;
  first: number;
  last: number;
  /** Processor time for a message, in microseconds. */
  relayUs: number;
  databaseUs: number;
  /** The relay's memory, in MB: its highest RSS since it started, and the highest PSS while it drained. */
  peakMb: number;
  memoryMb: number;
}

async function measureBacklog(bench: Bench): Promise<Outcome> {
  const { few, many, times } = bench.quick ? quickSizes : sizes;
  const found: Record<'few' | 'many', Drain[]> = { few: [], many: [] };
  await using side = await openSide(bench);
  const drainFew = async () => {
    const drains: Drain[] = [];
    while (drains.length < times) drains.push(await drain(bench, side, few));
    return drains;
  };
  for (let round = 0; round < Math.min(bench.rounds, roundsAtMost); round++) {
    const before = await drainFew();
    found.many.push(await drainMany(bench, many));
    found.few.push(middleOf([...before, ...(await drainFew())]));
  }
  return outcomeOf(found, bench.quick ? quickSizes : sizes);
}

/** On a database of its own and with a relay of its own, so that nothing of it is left for what is measured next. */
async function drainMany(bench: Bench, many: number): Promise<Drain> {
  await using side = await openSide(bench);
  return await drain(bench, side, many);
}

async function openSide(bench: Bench): Promise<Side> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await bench.ground.database());
  const relays = opening.use(
    await startRelays(bench.ground, { databaseUrl: database.url, count: 1, holds: true }),
  );
  const side = { database, relays };
  await drain(bench, side, (bench.quick ? quickSizes : sizes).warmUp);
  const open = opening.move();
  return { ...side, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** Lets so many wait beside an open transaction, drains them, ends the transaction, and checks all that arrived. */
async function drain(bench: Bench, side: Pick<Side, 'database' | 'relays'>, count: number): Promise<Drain> {
  const { ground, log, stop } = bench;
  const { database, relays } = side;
  const topic = await ground.topic();
  await using open = await openTransaction(database);
  await fill(database.client, { topic, from: 0, count, keys, log, stop });
  // The last number of its key, and the last one to be committed.
  await appendMessages(open.client, { topic, from: count, count: 1, keys, perTransaction: 1 });
  const found = await measureDrain(bench, { client: database.client, relays, topic, count });
  log(
    `${count.toLocaleString('en')} drained at ${Math.round(found.rate).toLocaleString('en')}/s; checking what arrived`,
  );
  await open.commit();
  await letGo(database.client);
  await followTopic(ground.kafka, { topic, total: count + 1, stop });
  await checkArrived(ground.kafka, { topic, from: 0, count: count + 1, keys, log, stop });
  await ground.kafka.deleteTopic(topic);
  return found;
}

async function measureDrain(
  { ground, quick, log, stop }: Bench,
  { client, relays, topic, count }: { client: pg.Client; relays: Relays; topic: string; count: number },
): Promise<Drain> {
  const { few } = quick ? quickSizes : sizes;
  const cpu = () => Promise.all([cpuMsOf(relays.pids), cpuMsOf([ground.postgres.pid])]);
  const before = await cpu();
  await letGo(client);
  const following = followTopic(ground.kafka, { topic, total: count, log, stop });
  const memory = highestWhile(following, async () => (await costOf(relays.pids)).memoryMb);
  const [{ messagesPerSecond, rateBetween }, memoryMb] = await Promise.all([following, memory]);
  const after = await cpu();
  return {
    rate: messagesPerSecond,
    first: rateBetween(0, few),
    last: rateBetween(count - few, count),
    relayUs: ((after[0] - before[0]) * 1000) / count,
    databaseUs: ((after[1] - before[1]) * 1000) / count,
    peakMb: (await costOf(relays.pids)).peakMb,
    memoryMb,
  };
}

/** A transaction that has its id before anything is written, and stays open while it is drained. */
async function openTransaction(
  database: BenchDatabase,
): Promise<{ client: pg.Client; commit: () => Promise<unknown> } & AsyncDisposable> {
  const client = await database.connect();
  await client.query('begin');
  await client.query('select pg_current_xact_id()');
  return {
    client,
    commit: () => client.query('commit'),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** The median of each of their figures. */
function middleOf(drains: readonly Drain[]): Drain {
  const middle = (figure: keyof Drain) => median(drains.map((one) => one[figure]));
  return {
    rate: middle('rate'),
    first: middle('first'),
    last: middle('last'),
    relayUs: middle('relayUs'),
    databaseUs: middle('databaseUs'),
    peakMb: middle('peakMb'),
    memoryMb: middle('memoryMb'),
  };
}

function outcomeOf(found: Record<'few' | 'many', Drain[]>, sizes: typeof quickSizes): Outcome {
  const [few, many] = [sizes.few.toLocaleString('en'), sizes.many.toLocaleString('en')];
  const of = (size: 'few' | 'many', figure: keyof Drain) => found[size].map((drain) => drain[figure]);
  const both = (figure: keyof Drain, name: string, unit: string): Figure[] => [
    { system: `${few} waiting`, name, unit, values: of('few', figure) },
    { system: `${many} waiting`, name, unit, values: of('many', figure) },
  ];
  const alone = (figure: keyof Drain, name: string): Figure => ({
    system: `${many} waiting`,
    name,
    unit: 'messages/s',
    values: of('many', figure),
  });
  return {
    figures: [
      ...both('rate', 'drained', 'messages/s'),
      alone('first', `the first ${few}`),
      alone('last', `the last ${few}`),
      ...both('relayUs', 'processor, relay', 'µs/message'),
      ...both('databaseUs', 'processor, database', 'µs/message'),
      ...both('peakMb', 'memory, highest RSS', 'MB'),
      ...both('memoryMb', 'memory, highest PSS', 'MB'),
    ],
    targets: [
      {
        says: `messages/s with ${many} waiting / with ${few}`,
        values: ratios(of('many', 'rate'), of('few', 'rate')),
        bound: { atLeast: 0.9 },
      },
      {
        says: `messages/s, the last ${few} of ${many} / the first`,
        values: ratios(of('many', 'last'), of('many', 'first')),
        bound: null,
      },
      {
        says: `processor time of relay and database for a message with ${many} waiting / with ${few}`,
        values: ratios(bothCosts(found.many), bothCosts(found.few)),
        bound: null,
      },
      {
        says: `highest memory (RSS) of the relay with ${many} waiting, in MB`,
        values: of('many', 'peakMb'),
        bound: { atMost: 200 },
      },
    ],
    notes: [
      `Messages of 200 bytes with all headers, ${keys} keys. The relay is warm (it has drained ${sizes.warmUp.toLocaleString('en')} before), sleeps while they are written, and is woken by one hint.`,
      `A transaction gets its id before the first of them is written, appends a message of its own behind them, and is open until all of them have arrived; its message is there when it has committed.`,
      `Each value of ${few} is the median of ${2 * sizes.times} drains, half of them before and half behind that of ${many}, on another database. Everything written is vacuumed, analysed and on disk before a drain begins.`,
    ],
  };
}

const bothCosts = (drains: readonly Drain[]): number[] =>
  drains.map(({ relayUs, databaseUs }) => relayUs + databaseUs);
