import { inTurns } from '../measure/in-turns.ts';
import { measureDrain } from '../measure/measure-drain.ts';
import type { Drain } from '../measure/measure-drain.ts';
import { openDebezium } from '../movers/debezium/debezium.ts';
import { openFromMemory } from '../movers/from-memory.ts';
import type { Mover } from '../movers/mover.ts';
import { openRelay } from '../movers/relay.ts';
import { ratios } from '../report/figures.ts';
import type { Bench, Figure, Outcome, Scenario, Target } from '../scenario.ts';

/** How fast, and for how much, messages that wait come to Kafka. */
export const drain: Scenario = {
  name: 'drain',
  says: 'How fast messages that wait in the database come to Kafka, and what that costs: 200 bytes, 1,000 keys, eight headers.',
  run: measureDrains,
};

const debezium = 'Debezium Server';
/** kafkajs alone, with as many messages in a request as the relay sends, and with as many as it is fastest with. */
const alone = { of1000: 'kafkajs alone', of10000: 'kafkajs alone, 10,000 a request' };

async function measureDrains(bench: Bench): Promise<Outcome> {
  const { ground, rounds, quick, peers, log, stop } = bench;
  const count = quick ? 5000 : 300_000;
  await using open = new AsyncDisposableStack();
  const systems: Mover[] = [];
  for (const opening of openings(bench)) systems.push(open.use(await opening()));
  const results = await inTurns({
    systems,
    rounds,
    // Debezium's JVM is warm after two.
    warmUps: quick ? 0 : peers ? 2 : 1,
    stop,
    measure: async (mover, round) => {
      const result = await measureDrain(ground, { mover, count, stop });
      const [rate, cost] = [result.messagesPerSecond, result.cpuUs].map((value) => value.toFixed());
      log(`round ${round + 1}, ${mover.name}: ${rate} messages/s, ${cost} µs of processor a message`);
      return result;
    },
  });
  const drains = new Map(systems.map(({ name }, index) => [name, results[index] ?? []]));
  return {
    figures: systems.flatMap((mover) => figuresOf(mover, drains.get(mover.name) ?? [])),
    targets: targetsOf(drains),
    notes: [
      `${count.toLocaleString('en')} messages a round, written in transactions of 1,000 before the drain begins.`,
      'The rate is taken at the broker, from the first records in the topic to the last.',
    ],
  };
}

function openings({ ground, peers, log }: Bench): (() => Promise<Mover>)[] {
  return [
    () => openRelay(ground),
    () => openFromMemory(ground, { name: alone.of1000, sender: 'kafkajs', perRequest: 1000 }),
    () => openFromMemory(ground, { name: alone.of10000, sender: 'kafkajs', perRequest: 10_000 }),
    () => openFromMemory(ground, { name: 'libs/kafka alone', sender: 'ours', perRequest: 1000 }),
    ...(peers ? [() => openDebezium(ground, { pollMs: 5, log })] : []),
  ];
}

function figuresOf({ name: system, fromMemory }: Mover, drains: readonly Drain[]): Figure[] {
  const figure = (name: string, unit: string, value: (drain: Drain) => number): Figure[] => [
    { system, name, unit, values: drains.map(value) },
  ];
  const own = [
    ...figure('rate', 'messages/s', ({ messagesPerSecond }) => messagesPerSecond),
    ...figure('processor', 'µs a message', ({ cpuUs }) => cpuUs),
  ];
  if (fromMemory) return own;
  return [
    ...own,
    ...figure('processor of the database', 'µs a message', ({ databaseCpuUs }) => databaseCpuUs),
    ...figure('memory, the highest (RSS)', 'MB', ({ peakMb }) => peakMb),
    ...figure('memory at the end (PSS)', 'MB', ({ memoryMb }) => memoryMb),
  ];
}

function targetsOf(drains: ReadonlyMap<string, readonly Drain[]>): Target[] {
  const of = (system: string, value: (drain: Drain) => number) => (drains.get(system) ?? []).map(value);
  const rate = (drain: Drain) => drain.messagesPerSecond;
  const [of1000, of10000] = [of(alone.of1000, rate), of(alone.of10000, rate)];
  const fastest = of1000.map((value, round) => Math.max(value, of10000[round] ?? 0));
  const toAlone: Target = {
    says: 'rate: relay / kafkajs alone, at its better size of requests',
    values: ratios(of('relay', rate), fastest),
    bound: { atLeast: 1 },
  };
  if (!drains.has(debezium)) return [toAlone];
  const toDebezium = (what: string, value: (drain: Drain) => number, bound: Target['bound']): Target => ({
    says: `${what}: relay / ${debezium}`,
    values: ratios(of('relay', value), of(debezium, value)),
    bound,
  });
  return [
    toDebezium('rate', rate, { atLeast: 1.3 }),
    toDebezium('processor', ({ cpuUs }) => cpuUs, { atMost: 0.34 }),
    toDebezium('processor, with the database', ({ cpuUs, databaseCpuUs }) => cpuUs + databaseCpuUs, null),
    toDebezium('memory, the highest (RSS)', ({ peakMb }) => peakMb, { atMost: 0.34 }),
    toAlone,
  ];
}
