import { readRelays } from '@payments/outbox';
import { pollUntil } from '@payments/servers';
import type { BenchDatabase } from '../ground/ground.ts';
import { letGo } from '../ground/let-go.ts';
import { startRelays } from '../ground/start-relays.ts';
import type { Relays } from '../ground/start-relays.ts';
import { checkArrived } from '../load/check-arrived.ts';
import { fill } from '../load/fill.ts';
import { followTopic } from '../measure/follow-topic.ts';
import { inTurns } from '../measure/in-turns.ts';
import { cpuMsOf } from '../measure/process-cost.ts';
import { ratios } from '../report/figures.ts';
import type { Bench, Figure, Outcome, Scenario } from '../scenario.ts';

/** What several relays of one outbox do with the same backlog. */
export const scaleOut: Scenario = {
  name: 'scale-out',
  says: 'One, two and four relays with the same backlog. Where they share two cores with the database and Kafka, this shows that they share the lanes, not that they are faster.',
  run: measureScaleOut,
};

const counts = [1, 2, 4] as const;
const lanes = 16;
const keys = 1000;
const sizes = { messages: 200_000, warmUp: 200_000 };
const quickSizes = { messages: 5000, warmUp: 1000 };

/** Warm relays, and the database that they read. */
interface Side extends AsyncDisposable {
  count: number;
  database: BenchDatabase;
  relays: Relays;
}

/** What a drain took. */
interface Drain {
  /** Messages a second. */
  rate: number;
  /** Processor time for a message, of all relays and of the database, in microseconds. */
  relayUs: number;
  databaseUs: number;
  /** Deliveries after the first one of a message. */
  repeats: number;
}

async function measureScaleOut(bench: Bench): Promise<Outcome> {
  const { messages, warmUp } = bench.quick ? quickSizes : sizes;
  await using open = new AsyncDisposableStack();
  const sides: Side[] = [];
  for (const count of counts) {
    const side = open.use(await openSide(bench, count));
    await drain(bench, side, warmUp);
    sides.push(side);
  }
  const { rounds, stop } = bench;
  const measure = (side: Side) => drain(bench, side, messages);
  const found = await inTurns({ systems: sides, rounds, warmUps: 0, stop, measure });
  return outcomeOf(found, messages);
}

async function openSide({ ground, stop }: Bench, count: number): Promise<Side> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await ground.database());
  const relays = opening.use(await startRelays(ground, { databaseUrl: database.url, count, holds: true }));
  await untilShared({ database, count, stop });
  const open = opening.move();
  return { count, database, relays, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** Waits until each relay owns its share of the lanes. */
async function untilShared({
  database,
  count,
  stop,
}: Pick<Side, 'database' | 'count'> & { stop: AbortSignal }) {
  const waiting = { for: `${count} relays to share ${lanes} lanes`, timeoutMs: 30_000 };
  await pollUntil({ ...waiting, giveUpIf: () => stop.throwIfAborted() }, async () => {
    const relays = await readRelays(database.client);
    const fair = relays.filter((relay) => relay.lanes.length === lanes / count);
    return fair.length === count ? true : undefined;
  });
}

async function drain({ ground, log, stop }: Bench, side: Side, count: number): Promise<Drain> {
  const { database, relays } = side;
  const topic = await ground.topic();
  const messages = { topic, from: 0, count, keys };
  await fill(database.client, { ...messages, log, stop });
  // A lane that changes hands in the middle would be read twice.
  await untilShared({ ...side, stop });
  const cpu = () => Promise.all([cpuMsOf(relays.pids), cpuMsOf([ground.postgres.pid])]);
  const before = await cpu();
  await letGo(database.client);
  const { messagesPerSecond } = await followTopic(ground.kafka, { topic, total: count, stop });
  const after = await cpu();
  const { repeats } = await checkArrived(ground.kafka, { ...messages, stop });
  await ground.kafka.deleteTopic(topic);
  log(
    `${nameOf(side.count)}: ${count.toLocaleString('en')} drained at ${Math.round(messagesPerSecond).toLocaleString('en')}/s`,
  );
  return {
    rate: messagesPerSecond,
    relayUs: ((after[0] - before[0]) * 1000) / count,
    databaseUs: ((after[1] - before[1]) * 1000) / count,
    repeats,
  };
}

const nameOf = (count: number): string => (count === 1 ? '1 relay' : `${count} relays`);

function outcomeOf(found: Drain[][], messages: number): Outcome {
  const of = (side: number, figure: keyof Drain) => (found[side] ?? []).map((drain) => drain[figure]);
  const all = (figure: keyof Drain, name: string, unit: string): Figure[] =>
    counts.map((count, side) => ({
      system: `${nameOf(count)} (${Array.from({ length: count }, () => lanes / count).join(' + ')} lanes)`,
      name,
      unit,
      values: of(side, figure),
    }));
  const toOne = (side: number, figure: keyof Drain) => ratios(of(side, figure), of(0, figure));
  return {
    figures: [
      ...all('rate', 'drained', 'messages/s'),
      ...all('relayUs', 'processor, relays', 'µs/message'),
      ...all('databaseUs', 'processor, database', 'µs/message'),
      ...all('repeats', 'repeats', 'messages'),
    ],
    targets: [
      { says: 'messages/s, 2 relays / 1', values: toOne(1, 'rate'), bound: null },
      { says: 'messages/s, 4 relays / 1', values: toOne(2, 'rate'), bound: null },
      {
        says: 'processor time of relays for a message, 4 relays / 1',
        values: toOne(2, 'relayUs'),
        bound: null,
      },
    ],
    notes: [
      `${messages.toLocaleString('en')} messages of 200 bytes with all headers, ${keys} keys. All relays are warm and sleep while the messages are written; one hint wakes them. Nothing is lost and each key's order is kept, whoever sends it.`,
    ],
  };
}
