import { setTimeout as pause } from 'node:timers/promises';
import { checkpointAnswerCut, databaseConnectionsCut, databaseCrashed } from './database-faults.fixture.ts';
import { brokerKilled, kafkaConnectionsCut, leaderMoved, produceReplyCut } from './kafka-faults.fixture.ts';
import type { FaultKind, FaultTrack, PlannedFault } from './plan-faults.ts';
import { any, killed, owner, stopped } from './relay-faults.fixture.ts';
import type { Fault, FaultOutcome, Stage } from './stage.fixture.ts';

const faults: Record<FaultKind, Fault> = {
  'owner killed': killed(owner),
  'owner stopped': stopped(owner),
  'owner frozen': stopped(owner),
  'any relay killed': killed(any),
  'any relay stopped': stopped(any),
  'database crashed': databaseCrashed,
  'database connections cut': databaseConnectionsCut,
  'checkpoint answer cut off': checkpointAnswerCut,
  'broker killed': brokerKilled,
  'leader moved': leaderMoved,
  'Kafka connections cut': kafkaConnectionsCut,
  'produce reply cut off': produceReplyCut,
};

/** A fault that was carried out; times in milliseconds since the run began. */
export interface FaultReport extends FaultOutcome {
  kind: FaultKind;
  from: number;
  until: number;
}

/** Carries the faults of all tracks out, side by side, until `over`; what is broken then is still mended. */
export async function carryOutFaults(
  stage: Stage,
  plan: Readonly<Record<FaultTrack, readonly PlannedFault[]>>,
  over: AbortSignal,
): Promise<FaultReport[]> {
  const begun = performance.now();
  const reports: FaultReport[] = [];
  const runTrack = async (track: readonly PlannedFault[]) => {
    for (const planned of track) {
      await pause(planned.afterMs, undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) return;
      const from = performance.now() - begun;
      const outcome = await faults[planned.kind](stage, planned);
      reports.push({ kind: planned.kind, from, until: performance.now() - begun, ...outcome });
    }
  };
  await Promise.all(Object.values(plan).map(runTrack));
  return reports.sort((a, b) => a.from - b.from);
}
