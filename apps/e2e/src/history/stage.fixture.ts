import type { Cluster } from './cluster.fixture.ts';
import type { PlannedFault } from './plan-faults.ts';
import type { RelayFleet } from './relay-fleet.fixture.ts';

/** What a fault can get at. */
export interface Stage {
  cluster: Cluster;
  fleet: RelayFleet;
  databaseUrl: string;
  topics: readonly string[];
}

/** What became of a fault: whether it hit its point, and what the servers and proxies saw of it. */
export interface FaultOutcome {
  hit: boolean;
  saw: string;
}

/** Does the damage, waits as long as the plan says, and mends it. */
export type Fault = (stage: Stage, planned: PlannedFault) => Promise<FaultOutcome>;
