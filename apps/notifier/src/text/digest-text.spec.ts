import { describe, expect, it } from '@jest/globals';
import { FailureReason, paymentEventTypes, PaymentState } from '@payments/contracts';
import { aFailedEvent, anEvent, decoded } from '../event/an-event.fixture.ts';
import { composeText } from './compose-text.ts';
import type { TextOptions } from './text-options.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const traceUrl = 'http://localhost:16686/trace/{traceId}';
const when = '<!date^1767323045^{date_short_pretty} {time_secs}|2026-01-02 03:04:05 UTC>';

const dollars = (cents: bigint) => ({
  currencyCode: 'USD',
  units: cents / 100n,
  nanos: Number(cents % 100n) * 10_000_000,
});
const completed = (reservationId: string, amount?: ReturnType<typeof dollars>) =>
  decoded(anEvent({ payment: { reservationId, ...(amount && { amount }) } }));
const failed = (reservationId: string) => decoded(aFailedEvent({ payment: { reservationId } }));
const refunded = (reservationId: string) =>
  decoded(
    anEvent({
      type: paymentEventTypes.refunded,
      payment: { reservationId, state: PaymentState.REFUNDED },
    }),
  );
const many = <T>(count: number, make: (name: string) => T, prefix: string) =>
  Array.from({ length: count }, (_, index) => make(`${prefix}-${String(index)}`));

function digestOf(events: Parameters<typeof composeText>[0], options: Partial<TextOptions> = {}) {
  const { text, blocks } = composeText(events, { locale: 'en', digestLines: 20, ...options });
  const textOf = (block: unknown) => (block as { text: { text: string } }).text.text;
  const sections = blocks.filter(({ type }) => type === 'section').map(textOf);
  const small = blocks.flatMap((block) =>
    'elements' in block ? (block.elements as { text: string }[]) : [],
  );
  const [totals = '', ...lines] = sections;
  return {
    text,
    blocks,
    title: textOf(blocks[0]),
    totals: totals.split('\n'),
    lines: lines.join('\n').split('\n'),
    smallPrint: small.map((element) => element.text),
  };
}
const listedIn = (lines: readonly string[]) => lines.map((line) => /reservation `([^`]*)`/.exec(line)?.[1]);

describe('a digest', () => {
  const few = [completed('r-1'), failed('r-2'), refunded('r-3'), completed('r-4', dollars(1250n))];

  it('says how many payments it holds, how many failed, and what each outcome comes to', () => {
    const { title, totals, text, smallPrint } = digestOf(few);
    expect(title).toBe('🧾 4 payment updates · ❌ 1 failed');
    expect(totals).toEqual([
      '✅ *2 completed* · ₩15,000 · $12.50',
      '❌ *1 failed* · ₩15,000',
      '↩️ *1 refunded* · ₩15,000',
    ]);
    expect(text).toBe([title, ...totals].join('\n').replaceAll('*', ''));
    expect(smallPrint).toEqual([]);
  });

  it('has a line for each, in their order: outcome, amount, reservation, user, reason, time', () => {
    expect(digestOf(few).lines).toEqual([
      `✅ *₩15,000* for reservation \`r-1\` by user \`u-1\` · ${when}`,
      `❌ *₩15,000* for reservation \`r-2\` by user \`u-1\`: already paid · ${when}`,
      `↩️ *₩15,000* for reservation \`r-3\` to user \`u-1\` · ${when}`,
      `✅ *$12.50* for reservation \`r-4\` by user \`u-1\` · ${when}`,
    ]);
  });

  it('shows all of its lines: Slack would hide the last of a long section', () => {
    for (const block of digestOf(few).blocks.filter(({ type }) => type === 'section'))
      expect(block).toMatchObject({ expand: true });
  });

  it('says nothing of failures where there are none', () => {
    const { title, totals } = digestOf([completed('r-1'), completed('r-2')]);
    expect([title, totals]).toEqual(['🧾 2 payment updates', ['✅ *2 completed* · ₩30,000']]);
  });

  it('speaks Korean', () => {
    const events = [...many(1000, completed, 'c'), failed('f'), ...many(30, failed, 'f')];
    const { title, totals, lines, smallPrint } = digestOf(events, { locale: 'ko', mayRepeat: true });
    expect(title).toBe('🧾 결제 알림 1,031건 · ❌ 실패 31건');
    expect(totals).toEqual(['✅ *완료 1,000건* · ₩15,000,000', '❌ *실패 31건* · ₩465,000']);
    expect(lines[0]).toBe(`❌ *₩15,000* · 예약 \`f\` · 사용자 \`u-1\` · 사유: 이미 결제된 예약 · ${when}`);
    expect(smallPrint).toEqual([
      '외 1,011건 (실패 11건 포함)',
      expect.stringContaining('이미 전달된 내용일 수 있습니다'),
    ]);
  });

  it('has the lines that it is allowed, and says how many payments have none', () => {
    const { lines, smallPrint } = digestOf(many(1000, completed, 'r'), { digestLines: 7 });
    expect(listedIn(lines)).toEqual(many(7, (name) => name, 'r'));
    expect(smallPrint).toEqual(['and 993 more']);
  });

  it('has never more than 20 lines', () => {
    expect(digestOf(many(100, failed, 'f'), { digestLines: 100 }).lines).toHaveLength(20);
  });

  it('never hides a failure behind what went well', () => {
    const events = [...many(30, completed, 'c'), failed('f-0'), ...many(30, completed, 'd'), failed('f-1')];
    const { lines, smallPrint } = digestOf(events, { digestLines: 4 });
    expect(listedIn(lines)).toEqual(['c-0', 'c-1', 'f-0', 'f-1']);
    expect(smallPrint).toEqual(['and 58 more']);
  });

  it('says how many failures have no line when they are more than its lines', () => {
    const { lines, smallPrint } = digestOf([...many(5, completed, 'c'), ...many(30, failed, 'f')]);
    expect(listedIn(lines)).toEqual(many(20, (name) => name, 'f'));
    expect(smallPrint).toEqual(['and 15 more, 10 of them failed']);
  });

  it('names the currencies of the most payments, and counts the others', () => {
    const amounts = ['KRW', 'JPY', 'EUR', 'CHF', 'CAD', 'AUD', 'CLP'].flatMap((currencyCode, index) =>
      many(index + 1, () => decoded(anEvent({ payment: { amount: { currencyCode, units: 10n } } })), ''),
    );
    const named = '✅ *28 completed* · CLP 70 · A$60.00 · CA$50.00 · CHF 40.00 · €30.00 · ';
    expect(digestOf(amounts).totals).toEqual([
      `${named}and 2 more currencies`.replace(/(CLP|CHF) /g, '$1\u00a0'),
    ]);
    expect(digestOf(amounts.slice(1)).totals[0]).toMatch(/and 1 more currency$/);
  });

  it('adds up exactly what 64 bits do not hold', () => {
    const largest = dollars(2n ** 63n - 1n);
    const { totals } = digestOf(many(1000, (name) => completed(name, largest), 'r'));
    expect(totals).toEqual(['✅ *1,000 completed* · $92,233,720,368,547,758,070.00']);
  });

  it('shows why a payment failed, with the code of the gateway', () => {
    const payment = { failureReason: FailureReason.DECLINED, declineCode: 'no_funds' };
    const { lines } = digestOf([decoded(aFailedEvent({ payment })), completed('r')]);
    expect(lines[0]).toContain(': declined `no_funds` · ');
  });

  it('links the traces that were sampled', () => {
    const { lines } = digestOf([decoded(anEvent({ traceparent })), completed('r')], { traceUrl });
    const link = '<http://localhost:16686/trace/0af7651916cd43dd8448eb211c80319c|trace>';
    expect(lines.map((line) => line.endsWith(` · ${link}`))).toEqual([true, false]);
  });

  it('links as many traces as there is room for when a link has 2,000 characters', () => {
    const long = `http://localhost/${'x'.repeat(1960)}/{traceId}`;
    const links = (events: number) => {
      const all = many(events, () => decoded(anEvent({ traceparent })), '');
      const { lines } = digestOf(all, { traceUrl: long });
      expect(lines).toHaveLength(events);
      return lines.filter((line) => line.endsWith('|trace>')).length;
    };
    expect([links(3), links(20)]).toEqual([3, 3]);
  });

  it('shows a reservation id of 60 characters whole, whatever they are and whatever else there is', () => {
    const [reservationId, userId, declineCode] = ['&'.repeat(60), '"'.repeat(200), '<'.repeat(200)];
    const amount = { currencyCode: 'XOF', units: -(2n ** 63n) + 1n };
    const failureReason = FailureReason.AUTHORIZER_UNAVAILABLE;
    const payment = { reservationId, userId, declineCode, amount, failureReason };
    const events = many(1000, () => decoded(aFailedEvent({ payment, traceparent })), '');
    const { lines } = digestOf(events, { traceUrl });
    expect(lines).toHaveLength(20);
    for (const line of lines) {
      expect(line).toContain(`\`${'&amp;'.repeat(60)}\``);
      expect(line).toMatch(/user `"+…`: gateway unreachable `(?:&lt;)+…`/);
    }
  });

  it('cuts longer ids', () => {
    const { lines } = digestOf([completed('x'.repeat(61)), completed('r')]);
    expect(listedIn(lines)[0]).toBe(`${'x'.repeat(59)}…`);
  });
});
