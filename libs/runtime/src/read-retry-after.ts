/**
 * A `Retry-After` header (RFC 9110, 10.2.3: seconds, or a date), in milliseconds from now, never negative; undefined if it
 * is neither.
 */
export const readRetryAfter = (
  value: string | undefined,
  now: () => number = Date.now,
): number | undefined => {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  // The one form that is sent today; Date.parse alone would take nearly anything.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now());
};
