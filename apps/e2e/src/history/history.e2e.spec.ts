import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCluster, type Cluster } from './cluster.fixture.ts';
import { seedsToRun } from './config.ts';
import { runHistory } from './run-history.fixture.ts';
import { tellHistory } from './tell-history.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
}, 240_000);
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

describe('concurrent writers, three relays and faults of all kinds', () => {
  it.each(seedsToRun())(
    'lose nothing, invent nothing, reverse nothing and change nothing: seed %i',
    async (seed) => {
      const outcome = await runHistory(cluster, seed);
      console.log(tellHistory(outcome));
      expect(outcome.violations).toEqual([]);
      expect(outcome.committed).toBeGreaterThan(500);
    },
    600_000,
  );
});
