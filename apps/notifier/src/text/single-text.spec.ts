import { describe, expect, it } from '@jest/globals';
import { FailureReason, paymentEventTypes, PaymentState } from '@payments/contracts';
import { aFailedEvent, anEvent, decoded } from '../event/an-event.fixture.ts';
import type { AnEvent } from '../event/an-event.fixture.ts';
import { composeText } from './compose-text.ts';
import type { TextOptions } from './text-options.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const traceUrl = 'http://localhost:16686/trace/{traceId}';

const textOf = (event: AnEvent, options: Partial<TextOptions> = {}) =>
  composeText([decoded(event)], { locale: 'en', digestLines: 20, ...options });
const asText = (event: AnEvent, options?: Partial<TextOptions>) => JSON.stringify(textOf(event, options));

describe('the Slack message of a payment', () => {
  it('tells a completed one: amount, reservation, user, id and time', () => {
    expect(textOf(anEvent())).toEqual({
      text: '✅ Payment completed: ₩15,000 for reservation r-1 by user u-1',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: '✅ Payment completed · ₩15,000' } },
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: '*Reservation*\n`r-1`', verbatim: true },
            { type: 'mrkdwn', text: '*User*\n`u-1`', verbatim: true },
          ],
        },
        {
          type: 'context',
          elements: [
            { type: 'mrkdwn', text: 'Payment `0d9c1bd6-3a0e-4b7e-9a3e-0f2b5a6c7d8e`', verbatim: true },
            {
              type: 'mrkdwn',
              text: '<!date^1767323045^{date_short_pretty} {time_secs}|2026-01-02 03:04:05 UTC>',
              verbatim: true,
            },
          ],
        },
      ],
    });
  });

  it('tells one that was paid back apart at a glance', () => {
    const { text, blocks } = textOf(
      anEvent({ type: paymentEventTypes.refunded, payment: { state: PaymentState.REFUNDED } }),
    );
    expect(text).toBe('↩️ Payment refunded: ₩15,000 for reservation r-1 to user u-1');
    expect(blocks[0]).toMatchObject({ text: { text: '↩️ Payment refunded · ₩15,000' } });
  });

  it('tells a failed one apart at a glance, with its reason in words and by name', () => {
    const { text, blocks } = textOf(aFailedEvent());
    expect(text).toBe(
      '❌ Payment failed: ₩15,000 for reservation r-1 by user u-1: the reservation is already paid (ALREADY_PAID)',
    );
    expect(blocks).toMatchObject([
      { text: { text: '❌ Payment failed · ₩15,000' } },
      { fields: [{}, {}, { text: '*Reason*\nthe reservation is already paid (ALREADY_PAID)' }] },
      {},
    ]);
  });

  it.each([
    [FailureReason.LIMIT_EXCEEDED, '', 'LIMIT_EXCEEDED'],
    [FailureReason.DECLINED, 'no_funds', 'u-1: the gateway declined (DECLINED): no_funds"'],
    [FailureReason.DECLINED, 'no_funds', '*Decline code*\\n`no_funds`'],
    [FailureReason.DECLINED, '', 'u-1: the gateway declined (DECLINED)"'],
    [FailureReason.AUTHORIZER_UNAVAILABLE, '', 'nothing was charged (AUTHORIZER_UNAVAILABLE)'],
    [FailureReason.UNSPECIFIED, '', 'no reason given'],
    [77 as FailureReason, '', 'reason 77'],
  ])('knows reason %s', (failureReason, declineCode, words) => {
    expect(asText(aFailedEvent({ payment: { failureReason, declineCode } }))).toContain(words);
  });

  it.each([
    ['USD', 12n, 500_000_000, '$12.50'],
    ['KRW', 15_000n, 0, '₩15,000'],
    ['BHD', 1n, 5_000_000, '1.005'],
    ['CAD', 12n, 0, 'CA$12.00'],
    ['USD', 90_071_992_547_409_93n, 10_000_000, '$9,007,199,254,740,993.01'],
  ])('formats %s exactly', (currencyCode, units, nanos, shown) => {
    expect(textOf(anEvent({ payment: { amount: { currencyCode, units, nanos } } })).text).toContain(shown);
  });

  it('tells a failed one in Korean', () => {
    const payment = { failureReason: FailureReason.DECLINED, declineCode: 'no_funds' };
    const { text, blocks } = textOf(aFailedEvent({ payment, traceparent }), { traceUrl, locale: 'ko' });
    expect(text).toBe(
      '❌ 결제 실패: ₩15,000 · 예약 r-1 · 사용자 u-1 · 사유: PG사에서 승인을 거절했습니다 (DECLINED): no_funds',
    );
    expect(blocks).toMatchObject([
      { text: { text: '❌ 결제 실패 · ₩15,000' } },
      {
        fields: [
          { text: '*예약*\n`r-1`' },
          { text: '*사용자*\n`u-1`' },
          { text: '*사유*\nPG사에서 승인을 거절했습니다 (DECLINED)' },
          { text: '*거절 코드*\n`no_funds`' },
        ],
      },
      {
        elements: [
          { text: expect.stringMatching(/^결제 ID `/) as unknown },
          {},
          { text: expect.stringMatching(/\|트레이스>$/) as unknown },
        ],
      },
    ]);
  });

  it.each([
    [{}, '✅ 결제 완료 · ₩15,000'],
    [
      { type: paymentEventTypes.refunded, payment: { state: PaymentState.REFUNDED } },
      '↩️ 환불 완료 · ₩15,000',
    ],
    [
      { payment: { amount: { currencyCode: 'USD', units: 12n, nanos: 500_000_000 } } },
      '✅ 결제 완료 · US$12.50',
    ],
  ])('has Korean titles, and amounts as Korean writes them', (wishes, title) => {
    const { blocks } = textOf(anEvent(wishes), { locale: 'ko' });
    expect(blocks[0]).toMatchObject({ text: { text: title } });
  });

  it.each([
    ['en', 'May have been told before'],
    ['ko', '이미 전달된 내용일 수 있습니다'],
  ] as const)('says in small print that it may have been told before (%s)', (locale, words) => {
    const note = { type: 'context', elements: [{ text: expect.stringContaining(words) as unknown }] };
    expect(textOf(anEvent(), { locale, mayRepeat: true }).blocks.at(-1)).toMatchObject(note);
    expect(asText(anEvent(), { locale })).not.toContain(words);
  });

  it('keeps Korean and other scripts as they are', () => {
    const shown = asText(anEvent({ payment: { reservationId: '예약-1', userId: '김철수 👩‍👩‍👧' } }));
    expect(shown).toContain('`예약-1`');
    expect(shown).toContain('`김철수 👩‍👩‍👧`');
  });

  it('lets no text of a user ping anybody or become markup', () => {
    const shown = asText(
      aFailedEvent({
        payment: {
          reservationId: '<!channel> & <https://evil.example|click>',
          userId: '`*bold* @here',
          failureReason: FailureReason.DECLINED,
          declineCode: '<@U123>',
        },
      }),
    );
    expect(shown).not.toMatch(/<(?!!date)/);
    expect(shown).toContain('&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;');
    expect(shown).toContain("`'*bold* @here`");
    expect(shown).toContain('`&lt;@U123&gt;`');
    expect(shown).toContain('(DECLINED): &lt;@U123&gt;');
  });

  it('shows what a user chose on one line, however long and unruly', () => {
    const { text } = textOf(
      anEvent({ payment: { userId: `a\n*State*\u202e${'&'.repeat(5000)}`, reservationId: 'r' } }),
    );
    expect(text).not.toMatch(/[\n\u202e]/);
    expect(text.length).toBeLessThan(1200);
    expect(text).toMatch(/by user a \*State\* (&amp;)+…$/);
  });

  it('shows a dash for a user without a name', () => {
    expect(asText(anEvent({ payment: { userId: ' ' } }))).toContain('`–`');
  });

  it('links the trace when it was sampled and there is a place to see it', () => {
    const context = (event: AnEvent, options?: { traceUrl: string }) =>
      JSON.stringify(textOf(event, options).blocks[2]);
    const linked = `<http://localhost:16686/trace/0af7651916cd43dd8448eb211c80319c|trace>`;
    expect(context(anEvent({ traceparent }), { traceUrl })).toContain(linked);
    expect(context(anEvent({ traceparent }))).not.toContain('|trace>');
    expect(context(anEvent(), { traceUrl })).not.toContain('|trace>');
    expect(context(anEvent({ traceparent: traceparent.replace(/1$/, '0') }), { traceUrl })).not.toContain(
      '|trace>',
    );
    expect(context(anEvent({ traceparent: 'nonsense' }), { traceUrl })).not.toContain('|trace>');
    const noTrace = `00-${'0'.repeat(32)}-b7ad6b7169203331-01`;
    expect(context(anEvent({ traceparent: noTrace }), { traceUrl })).not.toContain('|trace>');
  });
});
