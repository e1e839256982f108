import { setTimeout as pause } from 'node:timers/promises';
import { startService } from '../ground/start-service.ts';
import { cpuMsOf } from '../measure/process-cost.ts';
import type { Bench, Outcome, Scenario } from '../scenario.ts';

/** Processor time of a relay, and of the database beneath it, with nothing to do. */
export const idle: Scenario = {
  name: 'idle',
  says: 'Processor time at rest, as a share of one core.',
  run: measureIdle,
};

async function measureIdle({ ground, quick, log, stop }: Bench): Promise<Outcome> {
  const seconds = quick ? 5 : 60;
  await using database = await ground.database();
  await using relay = await startService(ground, { app: 'relay', databaseUrl: database.url });
  log(`watching for ${seconds} s`);
  const before = await cpuMsOf([relay.pid]);
  await pause(seconds * 1000, undefined, { signal: stop });
  const share = ((await cpuMsOf([relay.pid])) - before) / (seconds * 10);
  return {
    figures: [{ system: 'relay', name: 'processor', unit: '% of a core', values: [share] }],
    targets: [{ says: 'relay: % of a core', values: [share], bound: { atMost: 1 } }],
    notes: [],
  };
}
