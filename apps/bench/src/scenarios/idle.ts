import { setTimeout as pause } from 'node:timers/promises';
import { deadLetterTopic, paymentEventTopic } from '@payments/contracts';
import { startService } from '../ground/start-service.ts';
import type { BenchService } from '../ground/start-service.ts';
import { inTurns } from '../measure/in-turns.ts';
import { cpuMsOf } from '../measure/process-cost.ts';
import type { Bench, Outcome, Scenario } from '../scenario.ts';

const services = ['payment', 'relay', 'notifier'] as const;
/** Prometheus asks so often unless it is told otherwise, and what it asks for is part of being at rest. */
const scrapeEverySeconds = 15;

/** Processor time of each process, and of the servers with and without the services, with nothing to do. */
export const idle: Scenario = {
  name: 'idle',
  says: 'Processor time at rest, as a share of one core.',
  run: measureIdle,
};

/** In per cent of a core. Of a service only where it runs. */
type Shares = Partial<Record<(typeof services)[number], number>> & Record<'PostgreSQL' | 'Kafka', number>;

async function measureIdle(bench: Bench): Promise<Outcome> {
  const { ground, quick, rounds, log, stop } = bench;
  const seconds = quick ? 2 : 60;
  const [apart = [], beside = []] = await inTurns({
    systems: ['without', 'with'] as const,
    rounds,
    warmUps: 0,
    stop,
    measure: async (system, round) => {
      log(`round ${round + 1}: watching for ${seconds} s ${system} the services`);
      return atRest(bench, { apps: system === 'with' ? services : [], seconds });
    },
  });
  for (const topic of [paymentEventTopic, deadLetterTopic])
    await ground.kafka.deleteTopic(topic).catch(() => undefined);
  return outcome(apart, beside);
}

async function atRest(
  { ground, quick, stop }: Bench,
  { apps, seconds }: { apps: readonly (typeof services)[number][]; seconds: number },
): Promise<Shares> {
  await using stack = new AsyncDisposableStack();
  const { url: databaseUrl } = stack.use(await ground.database());
  const running: [string, BenchService][] = [];
  for (const app of apps)
    running.push([app, stack.use(await startService(ground, { app, databaseUrl, telemetry: true }))]);
  // Just ready, a process still compiles and collects for a while.
  await pause(quick ? 500 : 15_000, undefined, { signal: stop });
  const watched: [string, number][] = [
    ...running.map(([app, { pid }]): [string, number] => [app, pid]),
    ['PostgreSQL', ground.postgres.pid],
    ['Kafka', ground.kafka.nodes[0]?.pid ?? NaN],
  ];
  const used = () => Promise.all(watched.map(([, pid]) => cpuMsOf([pid])));
  const [begun, before] = [performance.now(), await used()];
  await scrapeFor(seconds, { services: running.map(([, service]) => service), stop });
  const [after, ms] = [await used(), performance.now() - begun];
  const share = (at: number) => (100 * ((after[at] ?? NaN) - (before[at] ?? NaN))) / ms;
  return Object.fromEntries(watched.map(([name], at) => [name, share(at)])) as Shares;
}

/** Lets time pass, and reads the metrics as often as Prometheus would. */
async function scrapeFor(
  seconds: number,
  { services, stop }: { services: readonly BenchService[]; stop: AbortSignal },
): Promise<void> {
  for (let left = seconds; left > 0; left -= scrapeEverySeconds) {
    for (const { http } of services) await (await fetch(`http://${http}/metrics`)).text();
    await pause(Math.min(left, scrapeEverySeconds) * 1000, undefined, { signal: stop });
  }
}

function outcome(apart: readonly Shares[], beside: readonly Shares[]): Outcome {
  const unit = '% of a core';
  const servers = ['PostgreSQL', 'Kafka'] as const;
  const own = services.map((app) => ({ app, values: beside.map((shares) => shares[app] ?? NaN) }));
  const more = servers.map((server) => ({
    server,
    values: beside.map((shares, round) => shares[server] - (apart[round]?.[server] ?? NaN)),
  }));
  return {
    figures: [
      ...own.map(({ app, values }) => ({ system: app, name: 'processor', unit, values })),
      ...servers.flatMap((system) => [
        { system, name: 'processor, without us', unit, values: apart.map((shares) => shares[system]) },
        { system, name: 'processor, beside us', unit, values: beside.map((shares) => shares[system]) },
      ]),
    ],
    targets: [
      ...own.map(({ app, values }) => ({ says: `${app}, ${unit}`, values, bound: { atMost: 1 } })),
      ...more.map(({ server, values }) => ({
        says: `${server}, ${unit} more than without us`,
        values,
        bound: server === 'PostgreSQL' ? { atMost: 1 } : null,
      })),
    ],
    notes: [
      'The images run as they are shipped, with telemetry on but no collector, one of each; `/metrics` is read every 15 s, as Prometheus would. Nothing is paid, nothing waits in the outbox.',
    ],
  };
}
