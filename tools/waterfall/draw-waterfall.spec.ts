import { describe, expect, it } from '@jest/globals';
import type { TraceSpan } from '@payments/servers';
import { drawWaterfall } from './draw-waterfall.ts';
import { widths } from './looks.ts';

const begin = 1_767_323_045_678_000;

/** A span that begins and ends these milliseconds after the beginning. */
const span = (spanId: string, [from, until]: [number, number], more: Partial<TraceSpan> = {}): TraceSpan => ({
  traceId: 't',
  spanId,
  parent: undefined,
  links: [],
  service: 'payment',
  name: spanId,
  kind: 'internal',
  startUs: begin + from * 1000,
  durationUs: (until - from) * 1000,
  tags: {},
  hasError: false,
  ...more,
});

const linkTo = (spanId: string) => ({ traceId: 't', spanId });

/** What can be read in each row: service, name, duration. */
const rows = (svg: string): string[] =>
  [...svg.matchAll(/<g>.*<\/g>/g)].map(([row]) =>
    [...row.replace(/<title>.*?<\/title>/, '').matchAll(/>([^<>]+)</g)]
      .map(([, text]) => text?.trim())
      .join(' '),
  );

type Bar = { from: number; until: number; indent: number; service: string };

/** What can be seen in each row. */
const bars = (svg: string): Bar[] =>
  [...svg.matchAll(/<g>.*<\/g>/g)].map(([row]) => {
    const [, service = '', x, width] =
      /<rect class="(s\d)[^"]*" x="([\d.]+)" y="\d+" width="([\d.]+)"/.exec(row) ?? [];
    const indent = Number(/<text x="(\d+)"/.exec(row)?.[1]);
    return { service, from: Number(x), until: Number(x) + Number(width), indent };
  });

const lines = (svg: string): number => [...svg.matchAll(/<path class="link" d="M[\d.]+ \d+C/g)].length;

/** An order's way: 100 ms, of which each part is a round number of them. */
const order = [
  span('process', [60, 100], { service: 'notifier', parent: 'create', links: [linkTo('create')] }),
  span('call', [0, 40], { service: 'pay', name: 'payment.v1.PaymentService/ExecutePayments' }),
  span('insert', [20, 30], { parent: 'serve' }),
  span('select', [10, 20], { parent: 'serve' }),
  span('create', [45, 60], { service: 'relay', parent: 'insert' }),
  span('serve', [10, 35], { parent: 'call' }),
];

describe('the drawing of a trace', () => {
  it('has a row for each span under the one that it belongs to, in the order of time', () => {
    const svg = drawWaterfall(order, 'a trace');
    expect(rows(svg)).toEqual([
      'pay payment.v1.PaymentService/ExecutePayments 40 ms',
      'payment serve 25 ms',
      'payment select 10 ms',
      'payment insert 10 ms',
      'relay create 15 ms',
      'notifier process 40 ms',
    ]);
    const [call, serve, first, insert, create, process] = bars(svg).map(({ indent }) => indent);
    expect([call, serve, first, create].sort()).toEqual([call, serve, first, create]);
    expect(insert).toBe(first);
    expect(process).toBeGreaterThan(create ?? 0);
  });

  it('places bars by their times', () => {
    const [call, serve, , , create, process] = bars(drawWaterfall(order, 'a trace'));
    const at = (ms: number) => expect.closeTo(widths.names + (ms / 100) * widths.bars, 0);
    expect(call).toMatchObject({ from: at(0), until: at(40) });
    expect(serve).toMatchObject({ from: at(10), until: at(35) });
    expect(create).toMatchObject({ from: at(45), until: at(60) });
    expect(process).toMatchObject({ from: at(60), until: at(100) });
  });

  it('gives each service a colour of its own, and names it', () => {
    const svg = drawWaterfall(order, 'a trace');
    expect(bars(svg).map(({ service }) => service)).toEqual(['s0', 's1', 's1', 's1', 's2', 's3']);
    const head = svg.slice(0, svg.indexOf('<g>'));
    for (const service of ['pay', 'payment', 'relay', 'notifier']) expect(head).toContain(`>${service}<`);
  });

  it('shows the shortest span', () => {
    const [, short] = bars(drawWaterfall([...order, span('short', [0, 0], { parent: 'call' })], 'a trace'));
    expect((short?.until ?? 0) - (short?.from ?? 0)).toBeGreaterThanOrEqual(2);
  });

  it('cuts a long wait short, and says how long it was', () => {
    const late = order.map((one) =>
      one.service === 'notifier' ? { ...one, startUs: one.startUs + 60_000_000 } : one,
    );
    const svg = drawWaterfall(late, 'a trace');
    expect(svg).toContain('⋯ 60 s ⋯');
    const [call, , , , , process] = bars(svg);
    for (const bar of [call, process]) expect((bar?.until ?? 0) - (bar?.from ?? 0)).toBeGreaterThan(100);
    expect(process?.until).toBeCloseTo(widths.names + widths.bars, 0);
    // The clock goes on behind it.
    expect(svg).toMatch(/>60\.\d+ s</);
  });

  it('does not cut what is no longer than the rest', () => {
    expect(drawWaterfall(order, 'a trace')).not.toContain('⋯');
  });

  it('joins what is linked by one line, of both directions too, and leaves out what is in another trace', () => {
    expect(lines(drawWaterfall(order, 'a trace'))).toBe(1);
    const linked = (id: string, links: TraceSpan['links']) =>
      order.map((one) => (one.spanId === id ? { ...one, links } : one));
    expect(lines(drawWaterfall(linked('create', [linkTo('process')]), 'a trace'))).toBe(1);
    const svg = drawWaterfall(linked('process', [linkTo('elsewhere')]), 'a trace');
    expect(lines(svg)).toBe(0);
    expect(svg).not.toContain('>link<');
  });

  it('marks what failed', () => {
    const svg = drawWaterfall([span('fails', [0, 5], { hasError: true })], 'a trace');
    expect(rows(svg)).toEqual(['payment fails 5 ms, error']);
    expect(svg).toContain('class="s0 error"');
  });

  it('shows what is as text only, whatever it is called', () => {
    const name = `</text><script>alert("1")</script>&amp;'\u0000\u001B[31m\uD800`;
    const svg = drawWaterfall([span('a', [0, 5], { name, service: '<b>' })], '<i>');
    expect(svg).not.toMatch(/<script|<b>|<i>|&amp;|[\u0000-\u0008\u001B\uD800]/);
    expect(svg).toContain('&#60;script&#62;');
  });

  it('asks for nothing and runs nothing', () => {
    const svg = drawWaterfall(order, 'a trace').replace('http://www.w3.org/2000/svg', '');
    expect(svg).not.toMatch(/<script|href|url\(|@import|https?:| on\w+=/);
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  it('is the same for the same times, however the spans came and whatever their ids are', () => {
    const other = (id: string) => `other-${id}`;
    const renamed = order.map((one) => ({
      ...one,
      spanId: other(one.spanId),
      parent: one.parent === undefined ? undefined : other(one.parent),
      links: one.links.map(({ spanId }) => linkTo(other(spanId))),
      startUs: one.startUs + 86_400_000_000,
    }));
    expect(drawWaterfall(renamed.reverse(), 'a trace')).toBe(drawWaterfall(order, 'a trace'));
  });

  it('keeps a span whose parent is not there', () => {
    expect(rows(drawWaterfall([span('left', [0, 1], { parent: 'lost' })], 'a trace'))).toEqual([
      'payment left 1 ms',
    ]);
  });
});
