/** A number as people read it: `32,000`. */
export const numberText = (value: number): string => value.toLocaleString('en-US');

/** `1 message`, `12 messages`. */
export const countText = (count: number, noun: string): string =>
  `${numberText(count)} ${noun}${count === 1 ? '' : 's'}`;

const steps = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
] as const;

/** How long something took or lasts: `12 ms`, `3.2 s`, `5 min`, `26 h`, `9 d`. A clock set back makes no negative age. */
export const durationText = (ms: number): string => {
  const step = steps.find((step) => ms >= 2 * step.ms);
  if (step) return `${numberText(Math.floor(ms / step.ms))} ${step.unit}`;
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.max(0, Math.round(ms))} ms`;
};

/** Bytes as people read them: `812 B`, `14.2 MB`. */
export const bytesText = (bytes: number): string => {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
};

/** Numbers in ascending order as ranges: `0-3, 7`. */
export const rangesText = (numbers: readonly number[]): string => {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
};

/**
 * What strangers wrote (keys, errors, queries), fit for a terminal: on one line, and without the sequences that would move
 * its cursor or change its title. Cut to `most` characters.
 */
export const strangersText = (text: string, most = 200): string => {
  const escaped = text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
  return escaped.length > most ? `${escaped.slice(0, most - 1)}…` : escaped;
};
