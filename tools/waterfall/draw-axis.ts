import { durationText } from './duration-text.ts';
import { widths } from './looks.ts';
import type { TimeScale } from './time-scale.ts';

/** Two labels do not come nearer to each other, in pixels. */
const leastApart = 60;

/** The ticks with their times, and a grey band with its length where a long wait is drawn shorter than it is. */
export function drawAxis(axis: { scale: TimeScale; top: number; bottom: number }): string[] {
  const { scale, top, bottom } = axis;
  const at = (place: number) => widths.names + place * widths.bars;
  const bands = scale.breaks.map(({ from, until, fromUs, untilUs }) => {
    const middle = ((at(from) + at(until)) / 2).toFixed(1);
    const width = (at(until) - at(from)).toFixed(1);
    const text = `<text class="tick" x="${middle}" y="${top - 22}" text-anchor="middle">⋯ ${durationText(untilUs - fromUs)} ⋯</text>`;
    return `<rect class="break" x="${at(from).toFixed(1)}" y="${top - 4}" width="${width}" height="${bottom - top + 4}"/>${text}`;
  });
  const marks = ticks(scale).map((us) => {
    const x = at(scale.place(scale.fromUs + us)).toFixed(1);
    return `<path class="grid" d="M${x} ${top - 4}V${bottom}"/><text class="tick" x="${x}" y="${top - 8}" text-anchor="middle">${us === 0 ? '0' : durationText(us)}</text>`;
  });
  return [...bands, ...marks];
}

/** Round times, in microseconds since the first moment, as close as there is room; none within a break. */
function ticks(scale: TimeScale): number[] {
  const cut = scale.breaks.reduce((sum, { fromUs, untilUs }) => sum + untilUs - fromUs, 0);
  const shown = 1 - scale.breaks.reduce((sum, { from, until }) => sum + until - from, 0);
  const step = roundStep(((scale.untilUs - scale.fromUs - cut) / (shown * widths.bars)) * leastApart);
  return stretches(scale)
    .flatMap(([from, until]) => multiples(step, from, until))
    .filter(farEnough(scale));
}

/** What lies before, between and after the breaks, in microseconds since the first moment. */
function stretches({ breaks, fromUs, untilUs }: TimeScale): [number, number][] {
  const begins = [fromUs, ...breaks.map((one) => one.untilUs)];
  const ends = [...breaks.map((one) => one.fromUs), untilUs];
  return begins.map((begin, i) => [begin - fromUs, (ends[i] as number) - fromUs]);
}

function multiples(step: number, from: number, until: number): number[] {
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(until / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** Where a break ends, a tick may stand next to the last one before it. */
const farEnough = (scale: TimeScale) => {
  let last = -Infinity;
  return (us: number): boolean => {
    const place = scale.place(scale.fromUs + us) * widths.bars;
    const isFar = place - last >= leastApart - 1;
    if (isFar) last = place;
    return isFar;
  };
};

/** The next of 1, 2, 5, 10, 20, 50 and so on. */
function roundStep(us: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(us, 1)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= us) ?? 10);
}
