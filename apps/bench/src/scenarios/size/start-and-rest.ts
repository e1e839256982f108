import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceName } from '../../ground/image.ts';
import { startService } from '../../ground/start-service.ts';
import { inTurns } from '../../measure/in-turns.ts';
import { costOf } from '../../measure/process-cost.ts';
import type { Cost } from '../../measure/process-cost.ts';
import type { Bench } from '../../scenario.ts';

/** A start of a service whose servers are up and whose schema is there. */
export interface Started {
  /** From the start of the process until `/readyz` was 200, in milliseconds. */
  readyMs: number;
  /** Processor time until then, in milliseconds. */
  cpuMs: number;
  /** Some seconds later, with nothing to do. */
  rest: Cost;
}

/** Starts each service in turns, each time from nothing, and looks at it when it has come to rest. */
export async function startEach(
  { ground, quick, rounds, stop }: Bench,
  apps: readonly ServiceName[],
): Promise<Started[][]> {
  await using database = await ground.database();
  return await inTurns({
    systems: apps,
    rounds,
    // The first start makes the schema, and finds files that nobody has read yet.
    warmUps: quick ? 0 : 1,
    stop,
    measure: async (app) => {
      await using service = await startService(ground, {
        app,
        databaseUrl: database.url,
        telemetry: true,
      });
      const { cpuMs } = await costOf([service.pid]);
      await pause(quick ? 200 : 10_000, undefined, { signal: stop });
      return { readyMs: service.readyAfterMs, cpuMs, rest: await costOf([service.pid]) };
    },
  });
}
