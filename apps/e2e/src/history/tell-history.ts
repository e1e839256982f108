import type { FaultReport } from './carry-out-faults.fixture.ts';
import type { HistoryOutcome } from './run-history.fixture.ts';

/** A run in words: a line for each fault and violation, and one for the whole. */
export function tellHistory(outcome: HistoryOutcome): string {
  const { seed, faults, writers, committed, delivered, violations, tookMs } = outcome;
  const sum = (count: 'transactions' | 'interrupted' | 'deadlocks') =>
    writers.reduce((total, tally) => total + tally[count], 0);
  const hits = faults.filter(({ hit }) => hit).length;
  const summary = [
    `history seed ${seed}: ${sum('transactions')} transactions (${sum('interrupted')} interrupted, ${sum('deadlocks')} deadlocks)`,
    `${committed} messages committed, ${delivered} records`,
    `${hits} of ${faults.length} faults hit`,
    `${violations.length} violations`,
    `${Math.round(tookMs / 1000)} s`,
  ];
  const broken = violations
    .slice(0, 20)
    .map(({ broken, topic, key, id, says }) => `  ${broken}: ${topic} ${key} ${id}: ${says}`);
  return [...faults.map(tellFault), ...broken, summary.join(', ')].join('\n');
}

function tellFault({ kind, from, until, hit, saw }: FaultReport): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(1).padStart(5);
  return `  ${seconds(from)} -${seconds(until)} s  ${kind}: ${hit ? 'hit' : 'missed'} (${saw})`;
}
