/** A stretch of time in which nothing begins or ends, drawn shorter than it is. All in microseconds but for the places. */
export type Break = { fromUs: number; untilUs: number; from: number; until: number };

/** Where a moment stands: places go from 0, the first moment, to 1, the last. */
export type TimeScale = { place: (us: number) => number; breaks: Break[]; fromUs: number; untilUs: number };

/** What part of the whole time a gap takes that is a long wait, and to what part of all the rest it is cut then… */
const longPart = 0.2;
const cutPart = 0.25;
/** …if that makes it so many times shorter at least: else the picture is truer without. */
const worthwhile = 3;

/** The scale of moments, of which there is at least one: as long as time, but for long waits. */
export function timeScale(momentsUs: readonly number[]): TimeScale {
  const moments = [...new Set(momentsUs)].sort((a, b) => a - b);
  const gaps = moments.slice(1).map((until, i) => until - (moments[i] as number));
  const longest = longestDrawn(gaps);
  const isCut = (gap: number) => gap > worthwhile * longest;
  const drawn = gaps.map((gap) => (isCut(gap) ? longest : gap));
  const width = sum(drawn) || 1;
  const places = [0];
  for (const one of drawn) places.push((places.at(-1) as number) + one / width);
  return {
    place: (us) => interpolate(us, moments, places),
    breaks: moments.slice(1).flatMap((untilUs, i) => {
      const [from, until] = [places[i] as number, places[i + 1] as number];
      return isCut(gaps[i] as number) ? [{ fromUs: moments[i] as number, untilUs, from, until }] : [];
    }),
    fromUs: moments[0] as number,
    untilUs: moments.at(-1) as number,
  };
}

/** How long a gap is drawn that is cut. One that takes most of the time would leave no room for whatever happens around it. */
function longestDrawn(gaps: readonly number[]): number {
  const total = sum(gaps);
  const others = gaps.filter((gap) => gap <= longPart * total);
  if (others.length === 0) return total;
  return Math.max(cutPart * sum(others), ...others);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

function interpolate(us: number, moments: readonly number[], places: readonly number[]): number {
  const after = moments.findIndex((moment) => moment >= us);
  if (after <= 0) return after === 0 ? 0 : 1;
  const [from, until] = [moments[after - 1] as number, moments[after] as number];
  const [left, right] = [places[after - 1] as number, places[after] as number];
  return left + ((us - from) / (until - from)) * (right - left);
}
