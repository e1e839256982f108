import { randomUUID } from 'node:crypto';
import { paymentEventTypes, PaymentState, toMoney } from '@payments/contracts';
import type { FailureReason } from '@payments/contracts';
import type { Random } from '@payments/testing';
import { anEvent, decoded } from '../event/an-event.fixture.ts';
import type { Wishes } from '../event/an-event.fixture.ts';
import type { PaymentEvent } from '../event/decode-event.ts';
import type { TextOptions } from './text-options.ts';
import { locales } from './words/languages.ts';

/** In every text of a user: where it is seen in a block outside of inline code, that text got out. */
export const usersMark = '‡';

/** What a user's text is made of: each of them alone, and all of them mixed. */
const alphabets = [
  ['&'],
  ['<', '>', '&', '"', "'", '\\'],
  ['`', '*', '_', '~', ' ', 'a', '```'],
  ['<!channel>', '<!here|x>', '<@U1>', '<#C1>', '@here', '@channel', '@everyone', '&lt;', ' ', '|'],
  ['👩‍👩‍👧', '💳', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'e\u0301', '한글', 'ﷺ'],
  ['\u202e', '\u2066', '\u2067', '\u2069', '\u200f', '\u061c', 'שלום', 'سلام', '\u200b', 'a'],
  ['\n', '\r\n', '\u0000', '\u2028', '\u0085', '>', '\n> ', '*'],
  ['a', 'b', '0', '-'],
];
const everything = alphabets.flat();

/** The currencies of ISO 4217 that this Node.js knows of. */
const currencies = Intl.supportedValuesOf('currency').filter((currency) => {
  try {
    return toMoney({ minor: 1n, currency });
  } catch {
    return false;
  }
});
const largest = 2n ** 63n - 1n;
const times = [
  '2026-01-02T03:04:05.678Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '1969-12-31T23:59:59Z',
];
const traceparents = [
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
  `00-<!channel>-${'&'.repeat(10_000)}-01`,
];
const failureReasons = [0, 1, 2, 3, 4, 77, -2_147_483_648] as FailureReason[];
const outcomes = [
  [paymentEventTypes.completed, PaymentState.COMPLETED],
  [paymentEventTypes.failed, PaymentState.FAILED],
  [paymentEventTypes.refunded, PaymentState.REFUNDED],
] as const;

type One = <T>(of: readonly [T, ...T[]] | readonly T[]) => T;
const oneOf =
  (random: Random): One =>
  (of) =>
    of[Math.floor(random() * of.length)] as (typeof of)[number];

function nastyText(random: Random): string {
  const one = oneOf(random);
  const alphabet = one([...alphabets, everything]);
  const length = Math.floor(random() * one([5, 60, 200, 3000]));
  return Array.from({ length }, () => one(alphabet)).join('');
}

/** An event that could come from Kafka, out of what is hardest to tell. */
function nastyEvent(random: Random): PaymentEvent {
  const one = oneOf(random);
  const text = () => usersMark + nastyText(random);
  const [type, state] = one(outcomes);
  const minor = one([largest, -largest, 0n, 1n, BigInt(Math.floor(random() * 1e9))]);
  const wishes: Wishes = {
    type,
    occurredAt: new Date(one(times)),
    traceparent: one(traceparents),
    payment: {
      paymentId: one([randomUUID(), text(), '']),
      userId: text(),
      reservationId: text(),
      amount: toMoney({ minor, currency: one([...currencies, 'KRW']) }),
      state,
      failureReason: one(failureReasons),
      declineCode: one(['', 'no_funds', text()]),
    },
  };
  return decoded(anEvent(wishes));
}

/** One event, a few, or as many as a digest can hold, of 30 kinds at most; sometimes of one. */
export function nastyEvents(random: Random): PaymentEvent[] {
  const one = oneOf(random);
  const length = one([1, 1, 2, 1 + Math.floor(random() * 30), 20, 300, 1000]);
  const kinds = Array.from({ length: Math.min(length, one([1, 30, 30, 30])) }, () => nastyEvent(random));
  return Array.from({ length }, (_, index) => kinds[index] ?? one(kinds));
}

/** How they are told. */
export function nastyOptions(random: Random): Required<TextOptions> {
  const one = oneOf(random);
  return {
    locale: one(locales),
    digestLines: one([1, 2, 10, 19, 20, 20, 20]),
    traceUrl: one([
      undefined,
      'http://localhost:16686/trace/{traceId}',
      `http://localhost/${'x'.repeat(1970)}/{traceId}`,
      `http://localhost/?${'&'.repeat(1970)}{traceId}`,
      `http://localhost/${'{traceId}'.repeat(200)}`,
    ]),
    mayRepeat: random() < 0.5,
  };
}
