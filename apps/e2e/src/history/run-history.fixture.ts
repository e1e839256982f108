import type { RunningKafka } from '@payments/servers';
import { seededRandom, throwAwayDatabase } from '@payments/testing';
import { carryOutFaults, type FaultReport } from './carry-out-faults.fixture.ts';
import { checkHistory, type Violation } from './check-history.ts';
import type { Cluster } from './cluster.fixture.ts';
import { keepWriting, type Tally } from './keep-writing.ts';
import { planFaults } from './plan-faults.ts';
import { keySets, pick, planWrites } from './plan-writes.ts';
import { prepareDatabase, untilPublished } from './prepare-history.fixture.ts';
import { readCommitted, readDelivered } from './read-history.fixture.ts';
import { startFleet } from './relay-fleet.fixture.ts';

/** How long writers write, in milliseconds. */
const loadMs = 20_000;
/** How long faults begin, in milliseconds: a broker that is killed is back 10 s later. */
const faultsBeginMs = 15_000;
const writers = 6;
const relays = 3;

/** What a run came to. */
export interface HistoryOutcome {
  seed: number;
  violations: Violation[];
  faults: FaultReport[];
  writers: Tally[];
  committed: number;
  delivered: number;
  tookMs: number;
}

/**
 * One seed: it decides what the writers do, which faults come and when, and how the relays are set up. How all of it meets is
 * decided by the machine, each time anew.
 */
export async function runHistory(cluster: Cluster, seed: number): Promise<HistoryOutcome> {
  const begun = performance.now();
  const random = seededRandom(seed);
  const { kafka } = cluster;
  await using database = await throwAwayDatabase({ serverUrl: cluster.postgres.url });
  const databaseUrl = database.url;
  const [topics] = await Promise.all([
    makeTopics(kafka, seed),
    prepareDatabase(databaseUrl, Object.values(keySets).flat()),
  ]);
  const faultPlan = planFaults({ random, withFrozenOwner: seed % 5 === 0 });
  await using fleet = await startFleet({
    count: relays,
    databaseUrl,
    env: {
      KAFKA_BROKERS: kafka.brokers.join(','),
      RELAY_CREATE_TOPICS: 'false',
      RELAY_BATCH_SIZE: `${pick(random, [20, 200, 1000])}`,
      RELAY_POLL_MS: '100',
      RELAY_BACKOFF_MAX_MS: '500',
    },
  });

  const failed = new AbortController();
  const over = endingAfter(loadMs, failed.signal);
  const writing = Array.from({ length: writers }, (_, number) => {
    const writes = planWrites({ random: seededRandom(seed * 100 + number), topics, bulk: number === 0 });
    return keepWriting({ databaseUrl, writes, stop: over });
  });
  const enough = endingAfter(faultsBeginMs, failed.signal);
  const faulting = carryOutFaults({ cluster, fleet, databaseUrl, topics }, faultPlan, enough);
  await untilAllEnd([faulting, ...writing], failed);
  const [faults, tallies] = await Promise.all([faulting, Promise.all(writing)]);

  await untilPublished(databaseUrl);
  await fleet.stop();
  const [committed, delivered] = await Promise.all([
    readCommitted(databaseUrl),
    readDelivered(kafka, topics),
  ]);
  return {
    seed,
    violations: checkHistory(committed, delivered),
    faults,
    writers: tallies,
    committed: committed.length,
    delivered: delivered.length,
    tookMs: performance.now() - begun,
  };
}

/**
 * Aborted after so many milliseconds, or when something failed. Not `AbortSignal.any` with `AbortSignal.timeout`: nobody but
 * the garbage collector holds on to such a time-out while it is only looked at, and then it never comes (Node 24.21; seen).
 */
function endingAfter(ms: number, failed: AbortSignal): AbortSignal {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, ms);
  failed.addEventListener('abort', () => {
    clearTimeout(timer);
    end();
  });
  return ending.signal;
}

async function makeTopics(kafka: RunningKafka, seed: number): Promise<string[]> {
  const topics = ['a', 'b', 'c'].map((name) => `history-${seed}-${name}`);
  for (const topic of topics) {
    await kafka.createTopic({
      topic,
      partitions: 4,
      replicationFactor: 3,
      config: { 'min.insync.replicas': '2' },
    });
  }
  return topics;
}

/** Waits until nothing is under way any more. The first failure ends the others, and is thrown once they have ended. */
async function untilAllEnd(work: readonly Promise<unknown>[], failed: AbortController): Promise<void> {
  const watched = work.map((one) =>
    one.catch((error: unknown) => {
      failed.abort(error);
    }),
  );
  await Promise.all(watched);
  failed.signal.throwIfAborted();
}
