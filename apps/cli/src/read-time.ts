import { UsageError } from './usage-error.ts';

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const duration = /^(\d+(?:\.\d+)?)([smhd])$/;

/** RFC 3339, seconds and time optional. A time without its offset would mean another instant on another machine. */
const time = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/i;

/**
 * Reads the time that an option was given: `2026-01-31T12:00:00Z` (a date is its midnight, UTC), or how long before `now` (`2h`).
 * @throws UsageError that names the option and shows an example
 */
export const readTime = (option: string, text: string, now: Date): Date => {
  const read = before(text, now) ?? instant(text);
  if (read) return read;
  throw new UsageError(
    `${option} is "${text}": write a time such as 2026-01-31T12:00:00Z, or how long ago, such as 30m, 2h or 7d`,
  );
};

const before = (text: string, now: Date): Date | undefined => {
  const [, amount, unit] = duration.exec(text) ?? [];
  const since = new Date(now.getTime() - Number(amount) * unitMs[unit as keyof typeof unitMs]);
  return Number.isNaN(since.getTime()) ? undefined : since;
};

const instant = (text: string): Date | undefined => {
  const day = time.exec(text)?.[1];
  if (day === undefined || !isDay(day)) return undefined;
  const since = new Date(text);
  return Number.isNaN(since.getTime()) ? undefined : since;
};

/** JavaScript takes the 31st of February for the 3rd of March. */
const isDay = (day: string): boolean => {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
};
