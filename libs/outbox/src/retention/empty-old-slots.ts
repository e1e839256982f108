import { setTimeout as wait } from 'node:timers/promises';
import { hoursLiteral, timeLiteral, type Statements } from './statements.ts';
import { whyHeld } from './why-held.ts';

/** The two rings: that of the messages, and that of the checkpoints. */
export type Ring = 'message' | 'checkpoint';

/**
 * What came of one slot:
 * - `young`        its latest unit is not older than the retention
 * - `empty`        there is nothing in it
 * - `elsewhere`    another relay is at it
 * - `unpublished`  a lane has messages in it that are not published
 * - `unsettled`    the last of them are, but a transaction that began before them was open at the newest checkpoint of a lane
 * - `busy`         somebody holds the partition and did not let go of it during some attempts
 * - `emptied`      done
 */
export type SlotOutcome = 'young' | 'empty' | 'elsewhere' | 'unpublished' | 'unsettled' | 'busy' | 'emptied';

/** What came of one slot of a ring. */
export interface SlotReport {
  ring: Ring;
  slot: number;
  outcome: SlotOutcome;
  /** What it took on disk before, with its indexes; 0 for one that was not looked into. */
  bytes: number;
  /** Who or what keeps an old slot from being emptied, in words; null where nothing does. */
  reason: string | null;
}

/** How to empty. `at`: the time by which slots are old, the server's own when not given. */
export interface EmptyOldSlotsOptions {
  /** How long messages and checkpoints are kept, in hours; at most 12 more pass until their slot is old. */
  retentionHours: number;
  at?: Date;
  /** Waits between two attempts at a slot that is busy; some 100 ms, with jitter, when not given. */
  pause?: () => Promise<void>;
}

/** How often a busy slot is tried before it is left to the next time. */
const attempts = 5;

const jitteredPause = (): Promise<void> => wait(50 + Math.random() * 100);

/**
 * Empties every slot of both rings that is old and published, and tells what came of each. Nobody waits for it longer than
 * an emptying takes, some milliseconds, and no writer at all. Throws what `statements` throws.
 */
export async function emptyOldSlots(
  statements: Statements,
  options: EmptyOldSlotsOptions,
): Promise<SlotReport[]> {
  const reports: SlotReport[] = [];
  for (const ring of ['message', 'checkpoint'] as const)
    for (let slot = 0; slot < 16; slot++)
      reports.push(await emptySlot(statements, { ...options, ring, slot }));
  return reports;
}

async function emptySlot(
  statements: Statements,
  options: EmptyOldSlotsOptions & { ring: Ring; slot: number },
): Promise<SlotReport> {
  const { ring, slot, pause = jitteredPause } = options;
  let answer = await attempt(statements, options);
  for (let made = 1; answer.outcome === 'busy' && made < attempts; made++) {
    await pause();
    answer = await attempt(statements, options);
  }
  const { outcome, bytes, lane } = answer;
  const reason = await whyHeld(statements, { ring, slot, outcome, lane });
  return { ring, slot, outcome, bytes: Number(bytes ?? 0), reason };
}

interface Answer {
  outcome: SlotOutcome;
  bytes: string | null;
  /** The lane that does not let it go. */
  lane: number | null;
}

/**
 * One attempt, one statement; what it locks and what it costs is told with the functions, in the migration. An old slot that is
 * not published costs some 300 probes of indexes, 1 ms; a young one nothing.
 */
async function attempt(
  statements: Statements,
  options: { ring: Ring; slot: number; retentionHours: number; at?: Date },
): Promise<Answer> {
  const { ring, slot, retentionHours, at } = options;
  const given = `${slot}, ${hoursLiteral(retentionHours)}, ${timeLiteral(at)}`;
  const { rows } = await statements.query(
    ring === 'message'
      ? `select outcome, lane, bytes from outbox.empty_slot(${given})`
      : `select outcome, null as lane, bytes from outbox.empty_checkpoint_slot(${given})`,
  );
  return rows[0] as Answer;
}
