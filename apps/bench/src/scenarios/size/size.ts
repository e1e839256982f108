import { deadLetterTopic, paymentEventTopic } from '@payments/contracts';
import { imageOf } from '../../ground/image.ts';
import type { ServiceName } from '../../ground/image.ts';
import type { Cost } from '../../measure/process-cost.ts';
import type { Bench, Figure, Outcome, Scenario, Target } from '../../scenario.ts';
import { installedMb } from './installed-size.ts';
import { notifierAtFullLoad } from './notifier-at-full-load.ts';
import { paymentAtFullLoad } from './payment-at-full-load.ts';
import { relayAtFullLoad } from './relay-at-full-load.ts';
import { startEach } from './start-and-rest.ts';
import type { Started } from './start-and-rest.ts';

const apps = ['payment', 'relay', 'notifier'] as const;
/** Resident memory of Debezium Server with its best settings, in MB. */
const debeziumMb = 585;

/** What the services weigh: on disk, in memory, and in time until they are ready. */
export const size: Scenario = {
  name: 'size',
  says: 'Installed size, start-up time to ready, and memory at rest and at full load, as shipped.',
  run: measureSize,
};

async function measureSize(bench: Bench): Promise<Outcome> {
  const { ground, rounds, log, stop } = bench;
  log('making the folders of the images');
  const installed = await Promise.all(
    apps.map(async (app) => installedMb((await imageOf(ground.folder, app)).cwd)),
  );
  log('starting each');
  const started = await startEach(bench, apps);
  for (const topic of [paymentEventTopic, deadLetterTopic]) await ground.kafka.deleteTopic(topic);
  const loaded: Record<ServiceName, Cost>[] = [];
  for (let round = 0; round < rounds; round++) {
    stop.throwIfAborted();
    log(`round ${round + 1}: full load`);
    loaded.push(await atFullLoad(bench, round));
  }
  return outcome({ installed, nodeMb: await installedMb(process.execPath), started, loaded });
}

async function atFullLoad(bench: Bench, round: number): Promise<Record<ServiceName, Cost>> {
  const count = bench.quick ? 200 : 20_000;
  const reservations = Array.from({ length: count }, (_, n) => `size-${round}-${n}`);
  const relay = await relayAtFullLoad(bench);
  await using database = await bench.ground.database();
  const payment = await paymentAtFullLoad(bench, { database, reservations });
  return { payment, relay, notifier: await notifierAtFullLoad(bench, { database, reservations }) };
}

function outcome(measured: {
  installed: readonly number[];
  nodeMb: number;
  started: readonly Started[][];
  loaded: readonly Record<ServiceName, Cost>[];
}): Outcome {
  const { installed, nodeMb, started, loaded } = measured;
  const each = apps.map((app, at) => ({
    app,
    installed: installed[at] ?? NaN,
    starts: started[at] ?? [],
    loads: loaded.map((round) => round[app]),
  }));
  const node: Figure = { system: 'Node', name: 'installed', unit: 'MB', values: [nodeMb] };
  return {
    figures: [...each.flatMap(figuresOf), node],
    targets: each.flatMap(targetsOf),
    notes: [
      'Each service is what `npm run image-folder` makes, run as deploy/Dockerfile runs it, with telemetry on but no collector, on a database whose schema is there.',
      'At full load the relay drains 300,000 messages of 200 bytes, the payment service has 32 calls of one reservation each in flight until 20,000 are paid, and the notifier tells those 20,000 in digests of 20 to a Slack that takes whatever comes.',
      `What is held against Debezium Server's ${debeziumMb} MB is the resident memory at its highest (RSS, VmHWM), which counts all of Node's program as well, of which other processes of the machine may use the same pages; PSS counts such pages by parts.`,
    ],
  };
}

function figuresOf(one: {
  app: ServiceName;
  installed: number;
  starts: readonly Started[];
  loads: readonly Cost[];
}): Figure[] {
  const { app: system, installed, starts, loads } = one;
  const inMb = (name: string, values: number[]): Figure => ({ system, name, unit: 'MB', values });
  return [
    inMb('installed, without Node', [installed]),
    { system, name: 'start to ready', unit: 'ms', values: starts.map(({ readyMs }) => readyMs) },
    { system, name: 'processor time of a start', unit: 'ms', values: starts.map(({ cpuMs }) => cpuMs) },
    inMb(
      'PSS at rest',
      starts.map(({ rest }) => rest.memoryMb),
    ),
    inMb(
      'highest RSS at rest',
      starts.map(({ rest }) => rest.peakMb),
    ),
    inMb(
      'PSS at full load',
      loads.map(({ memoryMb }) => memoryMb),
    ),
    inMb(
      'highest RSS at full load',
      loads.map(({ peakMb }) => peakMb),
    ),
  ];
}

function targetsOf(one: { app: ServiceName; starts: readonly Started[]; loads: readonly Cost[] }): Target[] {
  const { app, starts, loads } = one;
  const ready: Target = {
    says: `${app}: seconds from start to ready`,
    values: starts.map(({ readyMs }) => readyMs / 1000),
    bound: { atMost: 1 },
  };
  if (app !== 'relay') return [ready];
  const highest = loads.map(({ peakMb }) => peakMb);
  return [
    ready,
    { says: 'relay at full load: highest RSS in MB', values: highest, bound: { atMost: 200 } },
    {
      says: `relay at full load: highest RSS to Debezium Server's ${debeziumMb} MB`,
      values: highest.map((mb) => mb / debeziumMb),
      bound: { atMost: 0.333 },
    },
  ];
}
