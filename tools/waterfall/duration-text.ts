/** A duration in microseconds for people, with three digits at most: `640 µs`, `4.2 ms`, `1.25 s`. */
export function durationText(us: number): string {
  if (us < 1000) return `${us} µs`;
  if (us < 999_500) return `${threeDigits(us / 1000)} ms`;
  return `${threeDigits(us / 1_000_000)} s`;
}

const threeDigits = (value: number): string => String(Number(value.toPrecision(3)));
