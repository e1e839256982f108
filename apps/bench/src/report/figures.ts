import type { Target } from '../scenario.ts';

/** The middle one of some values; of an even number the mean of the two in the middle. NaN where there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** The value that `percent` of the values do not exceed (nearest rank). NaN where there are none. */
export function percentile(values: ArrayLike<number>, percent: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}

/** Round by round, since only what was measured side by side can be compared on a machine that is never the same twice. */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, round) => value / (theirs[round] ?? NaN));
}

/** Whether the median ratio is what it should be; null where nothing is asked of it. */
export function isMet({ values, bound }: Target): boolean | null {
  if (!bound) return null;
  return 'atLeast' in bound ? median(values) >= bound.atLeast : median(values) <= bound.atMost;
}
