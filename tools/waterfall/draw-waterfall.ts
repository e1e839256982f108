import type { TraceSpan } from '@payments/servers';
import { durationText } from './duration-text.ts';
import { drawAxis } from './draw-axis.ts';
import { rowHeight, style, widths } from './looks.ts';
import { spanRows } from './span-rows.ts';
import type { SpanRow } from './span-rows.ts';
import { escapeXml, shortened } from './text.ts';
import { timeScale } from './time-scale.ts';
import type { TimeScale } from './time-scale.ts';

/** What is the same for every row of a picture. */
type Picture = { rows: SpanRow[]; scale: TimeScale; services: string[]; top: number };

/**
 * Draws a trace as a waterfall: a bar for each span under the one that it belongs to, a time axis, and a dotted line from
 * each span to what it links to. The SVG has no scripts and asks for nothing, and is readable on light and dark pages.
 * @param spans of one trace, at least one
 * @param title for those who do not see it
 */
export function drawWaterfall(spans: readonly TraceSpan[], title: string): string {
  const rows = spanRows(spans);
  const services = [...new Set(rows.map(({ span }) => span.service))];
  const moments = spans.flatMap(({ startUs, durationUs }) => [startUs, startUs + durationUs]);
  const picture: Picture = { rows, services, scale: timeScale(moments), top: 62 };
  const height = picture.top + rows.length * rowHeight + 14;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widths.all} ${height}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" font-size="11.5">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${widths.all - 1}" height="${height - 1}" rx="6"/>`,
    ...legend(picture),
    ...drawAxis({ scale: picture.scale, top: picture.top, bottom: height - 14 }),
    ...rows.map((row, i) => drawRow(row, i, picture)),
    ...links(picture),
    '</svg>',
  ].join('\n')}\n`;
}

const classOf = (service: string, { services }: Picture): string => `s${services.indexOf(service) % 6}`;

/** Which colour is which service, and what a dotted line is. */
function legend(picture: Picture): string[] {
  const hasLinks = links(picture).length > 0;
  let x = widths.margin;
  const entries = picture.services.map((service) => {
    const at = x;
    x += 30 + service.length * 7;
    return `<rect class="${classOf(service, picture)}" x="${at}" y="15" width="10" height="10" rx="2"/><text x="${at + 15}" y="24">${escapeXml(service)}</text>`;
  });
  const dotted = `<path class="link" d="M${x} 20h22"/><circle class="end" cx="${x + 22}" cy="20" r="2.5"/><text x="${x + 30}" y="24">link</text>`;
  return hasLinks ? [...entries, dotted] : entries;
}

function drawRow({ span, depth }: SpanRow, i: number, picture: Picture): string {
  const y = picture.top + i * rowHeight;
  const [from, until] = barOf(span, picture.scale);
  const name = shortened(span.name, 50 - depth * 2);
  const time = `${durationText(span.durationUs)}${span.hasError ? ', error' : ''}`;
  const begin = span.startUs - picture.scale.fromUs;
  const isWide = until > widths.all - widths.margin - 60;
  const place = isWide ? `x="${fixed(from - 5)}" text-anchor="end"` : `x="${fixed(until + 5)}"`;
  return [
    '<g>',
    `<title>${escapeXml(`${span.service}: ${span.name}, ${span.kind}, ${time}, ${durationText(begin)} after the beginning`)}</title>`,
    i % 2 === 1
      ? `<rect class="stripe" x="1" y="${y}" width="${widths.all - 2}" height="${rowHeight}"/>`
      : '',
    depth > 0 ? `<path class="branch" d="M${widths.margin + depth * 11 - 7} ${y}v${rowHeight / 2}h5"/>` : '',
    `<text x="${widths.margin + depth * 11}" y="${y + 15}"><tspan class="${classOf(span.service, picture)} of">${escapeXml(span.service)}</tspan> ${escapeXml(name)}</text>`,
    `<rect class="${classOf(span.service, picture)}${span.hasError ? ' error' : ''}" x="${fixed(from)}" y="${y + 5}" width="${fixed(until - from)}" height="${rowHeight - 10}" rx="2"/>`,
    `<text class="time" ${place} y="${y + 15}">${time}</text>`,
    '</g>',
  ].join('');
}

/** Where a bar begins and ends. The shortest can still be seen. */
function barOf({ startUs, durationUs }: TraceSpan, scale: TimeScale): [number, number] {
  const from = widths.names + scale.place(startUs) * widths.bars;
  return [from, Math.max(from + 2, widths.names + scale.place(startUs + durationUs) * widths.bars)];
}

/** A line from a span to each that it links to, once where they link to each other. What is not in the trace has no line. */
function links({ rows, scale, top }: Picture): string[] {
  const rowOf = new Map(rows.map(({ span }, i) => [span.spanId, i]));
  const pairs = rows.flatMap(({ span }, from) =>
    span.links.flatMap(({ spanId }) => {
      const to = rowOf.get(spanId);
      const isMutual =
        to !== undefined && to < from && rows[to]?.span.links.some((link) => link.spanId === span.spanId);
      return to === undefined || isMutual ? [] : [{ from, to }];
    }),
  );
  return pairs.map(({ from, to }) => {
    const [x0, y0] = startOf(rows[from] as SpanRow, from, scale, top);
    const [x1, y1] = startOf(rows[to] as SpanRow, to, scale, top);
    const bend = Math.min(x0, x1) - 14;
    return `<path class="link" d="M${fixed(x0)} ${y0}C${fixed(bend)} ${y0} ${fixed(bend)} ${y1} ${fixed(x1)} ${y1}"/><circle class="end" cx="${fixed(x1)}" cy="${y1}" r="2.5"/>`;
  });
}

const startOf = ({ span }: SpanRow, i: number, scale: TimeScale, top: number): [number, number] => [
  barOf(span, scale)[0],
  top + i * rowHeight + rowHeight / 2,
];

const fixed = (place: number): string => place.toFixed(1);
