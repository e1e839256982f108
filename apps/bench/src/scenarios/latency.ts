import { openTopics } from '../ground/open-topics.ts';
import { inTurns } from '../measure/in-turns.ts';
import { measureLatency } from '../measure/measure-latency.ts';
import type { Latency, LatencySystem } from '../measure/measure-latency.ts';
import { openDebezium } from '../movers/debezium/debezium.ts';
import { kafkajsFloor } from '../movers/kafkajs-floor.ts';
import { peerNames, peerNotes, peersOf, warmUpsOf } from '../movers/peers.ts';
import { openRelay } from '../movers/relay.ts';
import { whileWritten } from '../movers/while-written.ts';
import { ratios } from '../report/figures.ts';
import { figuresOf, lossesOf } from '../report/figures-of.ts';
import type { Bench, Figure, Outcome, Scenario, Target } from '../scenario.ts';

const perSecond = 500;

/** How long a message takes from its commit to a consumer. */
export const latency: Scenario = {
  name: 'latency',
  says: `How long a message takes from the reply to COMMIT to a consumer, with ${perSecond} transactions of one message a second, and what that costs.`,
  run: measureLatencies,
};

async function measureLatencies(bench: Bench): Promise<Outcome> {
  const { ground, rounds, quick, peers, log, stop } = bench;
  const pace = { perSecond, seconds: quick ? 3 : 30, warmUpSeconds: quick ? 1 : 5 };
  await using topics = openTopics(ground);
  const measure = async (system: LatencySystem, round: number) => {
    const result = await measureLatency(ground, { system, topic: await topics.make(), ...pace, stop });
    const [p50, p99] = [result.p50, result.p99].map((value) => value.toFixed(1));
    log(`round ${round + 1}, ${system.name}: ${p50} ms (p50), ${p99} ms (p99)`);
    return result;
  };
  const latencies = new Map<LatencySystem, readonly Latency[]>();
  {
    await using open = new AsyncDisposableStack();
    const systems: LatencySystem[] = [];
    for (const opening of openings(bench)) systems.push(open.use(await opening()));
    const results = await inTurns({ systems, rounds, warmUps: warmUpsOf(bench), stop, measure });
    systems.forEach((system, index) => latencies.set(system, results[index] ?? []));
  }
  if (peers) {
    await using asShipped = whileWritten(await openDebezium(ground, { ...debeziumAsShipped, log, stop }));
    latencies.set(asShipped, [await measure(asShipped, 0)]);
  }
  return {
    figures: [...latencies].flatMap(([system, ofSystem]) => figuresIn(system, ofSystem)),
    targets: peers ? targetsOf(latencies) : [],
    notes: [...notesOf(pace), ...peerNotes(bench)],
  };
}

/** Told once: how it comes, half of its latency is waiting. */
const debeziumAsShipped = { name: `${peerNames.debezium}, polling every 500 ms as it comes`, pollMs: 500 };

function openings(bench: Bench): (() => Promise<LatencySystem>)[] {
  const { ground } = bench;
  return [
    async () => whileWritten(await openRelay(ground, { holds: false })),
    () => Promise.resolve(kafkajsFloor(ground)),
    ...peersOf(bench, { pollMs: 1 }).map((open) => async () => whileWritten(await open())),
  ];
}

function figuresIn({ name, pids, mayLose }: LatencySystem, latencies: readonly Latency[]): Figure[] {
  const figure = figuresOf(name, latencies);
  const cost = [
    figure('processor', '% of a core', ({ cpu }) => cpu),
    figure('processor of the database', '% of a core', ({ databaseCpu }) => databaseCpu),
  ];
  return [
    figure('p50', 'ms', ({ p50 }) => p50),
    figure('p95', 'ms', ({ p95 }) => p95),
    figure('p99', 'ms', ({ p99 }) => p99),
    ...(pids.length > 0 ? cost : []),
    figure('begun late (p99)', 'ms', ({ lagMs }) => lagMs),
    ...(mayLose ? lossesOf(name, latencies) : []),
  ];
}

function targetsOf(latencies: ReadonlyMap<LatencySystem, readonly Latency[]>): Target[] {
  const { debezium } = peerNames;
  const byName = new Map([...latencies].map(([{ name }, ofSystem]) => [name, ofSystem]));
  const of = (system: string, value: (latency: Latency) => number) => (byName.get(system) ?? []).map(value);
  const target = (what: string, value: (latency: Latency) => number, atMost: number): Target => ({
    says: `${what}: relay / ${debezium}, polling every millisecond`,
    values: ratios(of('relay', value), of(debezium, value)),
    bound: { atMost },
  });
  return [
    target('p50', ({ p50 }) => p50, 1),
    target('p99', ({ p99 }) => p99, 1),
    target('processor', ({ cpu }) => cpu, 0.5),
  ];
}

function notesOf({ seconds }: { seconds: number }): string[] {
  return [
    `${perSecond} transactions of one message a second for ${seconds} s, each begun at its own time, whatever became of those before, on one of 16 connections. "Begun late" is what the schedule itself missed.`,
    'From the reply to COMMIT, in the process that writes, until a consumer in the same process has the message (kafkajs, answered as soon as there is one).',
    'The relay has its own defaults, without telemetry, and is woken after each commit as the payment service does it. kafkajs alone, as it comes from the registry, sends each message by itself to the same consumer, without a database.',
  ];
}
