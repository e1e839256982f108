import { openTopics } from '../ground/open-topics.ts';
import { inTurns } from '../measure/in-turns.ts';
import { measureDrain } from '../measure/measure-drain.ts';
import type { Drain } from '../measure/measure-drain.ts';
import { openFromMemory } from '../movers/from-memory.ts';
import type { Mover } from '../movers/mover.ts';
import { peerNames, peerNotes, peersOf, warmUpsOf } from '../movers/peers.ts';
import { openRelay } from '../movers/relay.ts';
import { ratios } from '../report/figures.ts';
import { figuresOf, lossesOf } from '../report/figures-of.ts';
import type { Bench, Figure, Outcome, Scenario, Target } from '../scenario.ts';

/** How fast, and for how much, messages that wait come to Kafka. */
export const drain: Scenario = {
  name: 'drain',
  says: 'How fast messages that wait in the database come to Kafka, and what that costs: 200 bytes, 1,000 keys, eight headers.',
  run: measureDrains,
};

const relay = 'relay';
const kafkajs = 'kafkajs alone';
/** As many as the relay sends. With 10,000 kafkajs takes twice the processor time for each (68 µs instead of 33). */
const perRequest = 1000;

async function measureDrains(bench: Bench): Promise<Outcome> {
  const { ground, rounds, quick, log, stop } = bench;
  const count = quick ? 5000 : 300_000;
  await using open = new AsyncDisposableStack();
  const topics = open.use(openTopics(ground));
  const systems: Mover[] = [];
  for (const opening of openings(bench)) systems.push(open.use(await opening()));
  const results = await inTurns({
    systems,
    rounds,
    warmUps: warmUpsOf(bench),
    stop,
    measure: async (mover, round) => {
      const own = Math.min(count, mover.atMost ?? count);
      const result = await measureDrain(ground, { mover, topic: await topics.make(), count: own, stop });
      const [rate, cost] = [result.messagesPerSecond, result.cpuUs].map((value) => value.toFixed());
      log(`round ${round + 1}, ${mover.name}: ${rate} messages/s, ${cost} µs of processor a message`);
      return result;
    },
  });
  const drains = new Map(systems.map(({ name }, index) => [name, results[index] ?? []]));
  return {
    figures: systems.flatMap((mover) => figuresIn(mover, drains.get(mover.name) ?? [])),
    targets: [...peerTargets(bench, drains), toKafkajs(drains)],
    notes: [...notesOf(count), ...peerNotes(bench)],
  };
}

function openings(bench: Bench): (() => Promise<Mover>)[] {
  const { ground } = bench;
  return [
    () => openRelay(ground, { holds: true }),
    () => openFromMemory(ground, { name: kafkajs, sender: 'kafkajs', perRequest }),
    () => openFromMemory(ground, { name: 'libs/kafka alone', sender: 'ours', perRequest }),
    ...peersOf(bench, { pollMs: 5 }),
  ];
}

function figuresIn({ name, fromMemory, mayLose }: Mover, drains: readonly Drain[]): Figure[] {
  const figure = figuresOf(name, drains);
  const own = [
    figure('rate', 'messages/s', ({ messagesPerSecond }) => messagesPerSecond),
    figure('processor', 'µs a message', ({ cpuUs }) => cpuUs),
  ];
  if (fromMemory) return own;
  return [
    ...own,
    figure('processor of the database', 'µs a message', ({ databaseCpuUs }) => databaseCpuUs),
    figure('memory, the highest (RSS)', 'MB', ({ peakMb }) => peakMb),
    figure('memory at the end (PSS)', 'MB', ({ memoryMb }) => memoryMb),
    ...(mayLose ? lossesOf(name, drains) : []),
  ];
}

type Drains = ReadonlyMap<string, readonly Drain[]>;

const rate = (drain: Drain): number => drain.messagesPerSecond;

const valuesOf = (drains: Drains, system: string, value: (drain: Drain) => number): number[] =>
  (drains.get(system) ?? []).map(value);

/** Round by round the best of some systems. */
function bestOf(drains: Drains, systems: readonly string[]): number[] {
  const rates = systems.map((system) => valuesOf(drains, system, rate));
  return (rates[0] ?? []).map((_, round) => Math.max(...rates.map((ofSystem) => ofSystem[round] ?? 0)));
}

function toKafkajs(drains: Drains): Target {
  return {
    says: `rate: relay / ${kafkajs}`,
    values: ratios(valuesOf(drains, relay, rate), valuesOf(drains, kafkajs, rate)),
    bound: { atLeast: 1 },
  };
}

const aThird = { atMost: 0.333 };

function peerTargets({ peers }: Bench, drains: Drains): Target[] {
  if (!peers) return [];
  const { debezium, replication, polling } = peerNames;
  const toDebezium = (what: string, value: (drain: Drain) => number, bound: Target['bound']): Target => ({
    says: `${what}: relay / ${debezium}`,
    values: ratios(valuesOf(drains, relay, value), valuesOf(drains, debezium, value)),
    bound,
  });
  return [
    toDebezium('rate', rate, { atLeast: 1.3 }),
    toDebezium('processor', ({ cpuUs }) => cpuUs, aThird),
    toDebezium('processor, with the database', ({ cpuUs, databaseCpuUs }) => cpuUs + databaseCpuUs, null),
    toDebezium('memory, the highest (RSS)', ({ peakMb }) => peakMb, aThird),
    {
      says: 'rate: relay / pg-transactional-outbox, the better of its two ways',
      values: ratios(valuesOf(drains, relay, rate), bestOf(drains, [replication, polling])),
      bound: { atLeast: 20 },
    },
  ];
}

function notesOf(count: number): string[] {
  return [
    `${count.toLocaleString('en')} messages a round (of pg-transactional-outbox 10,000), written in transactions of 1,000 before the drain begins. The relay has its own defaults, without telemetry.`,
    'The rate is taken at the broker, from the first records in the topic to the last; processor time is that of all threads, user and system.',
    'kafkajs alone is kafkajs 2.2.4 as it comes from the registry, libs/kafka alone the producer of the relay: both send from memory, in a process of their own, to all in-sync replicas, one request after the other.',
  ];
}
