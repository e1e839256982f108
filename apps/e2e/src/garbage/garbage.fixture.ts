import { randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  paymentEventSource,
  paymentEventTopic,
  paymentEventTypes,
  PaymentEventSchema,
  PaymentState,
  toMoney,
  withDeadLetterMark,
} from '@payments/contracts';
import type { RawHeader, RawKafkaMessage } from '@payments/kafka';
import { seededRandom, type Random } from '@payments/testing';

const header = (key: string, value: Buffer | string | null): RawHeader => ({
  key,
  value: typeof value === 'string' ? Buffer.from(value) : value,
});

/** Bytes that no one chose; at least one, so that they are not taken for an empty value. */
function bytes(random: Random, most: number): Buffer {
  const length = 1 + Math.floor(random() * most);
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

const validHeaders = (id: string): RawHeader[] => [
  header('ce_specversion', '1.0'),
  header('ce_id', id),
  header('ce_source', paymentEventSource),
  header('ce_type', paymentEventTypes.completed),
  header('content-type', 'application/protobuf'),
];

/** Large ones are cut out of this: to draw their bytes one by one would take longer than all the rest. */
const noise = bytes(seededRandom(1), 1_000_000);

type Record = Omit<RawKafkaMessage, 'topic'>;

/** Kinds of garbage, none of which is a payment event of any version. */
const kinds: readonly ((random: Random) => Record)[] = [
  (random) => ({ key: bytes(random, 40), value: bytes(random, 300), headers: [] }),
  () => ({ key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [] }),
  () => ({ key: null, value: null, headers: [] }),
  (random) => ({ key: bytes(random, 10), value: null, headers: validHeaders(randomUUID()) }),
  (random) => ({ key: null, value: bytes(random, 300), headers: validHeaders(randomUUID()) }),
  (random) => ({ key: bytes(random, 10), value: Buffer.alloc(0), headers: validHeaders(randomUUID()) }),
  (random) => ({
    key: bytes(random, 10),
    value: bytes(random, 100),
    headers: [
      ...validHeaders(randomUUID()),
      header('h', bytes(random, 20)),
      header('ce_id', null),
      header('h', null),
      header('ce_id', bytes(random, 20)),
      header('h', ''),
    ],
  }),
  (random) => ({
    key: bytes(random, 10),
    value: bytes(random, 100),
    headers: ['10', '9', 'constructor', '__proto__', '예약', ''].map((key) => header(key, bytes(random, 9))),
  }),
  // A dead letter that somebody copied back by hand.
  (random) => ({
    key: bytes(random, 10),
    value: bytes(random, 100),
    headers: withDeadLetterMark([header('a', 'b')], {
      reason: 'copied',
      topic: 'elsewhere',
      partition: 1,
      offset: '1',
      timestamp: 0,
      group: 'g',
      setAsideAt: new Date(0),
    }),
  }),
];

/** Rarer ones: one in so many. */
const giantEvery = 1_000;

const giants: readonly ((random: Random) => Record)[] = [
  (random) => ({
    key: bytes(random, 10),
    value: bytes(random, 10),
    headers: [header('giant', noise.subarray(0, 200_000 + Math.floor(random() * 700_000)))],
  }),
  (random) => ({
    key: null,
    value: noise.subarray(0, 200_000 + Math.floor(random() * 700_000)),
    headers: validHeaders(randomUUID()),
  }),
  (random) => ({
    key: bytes(random, 10),
    value: null,
    headers: Array.from({ length: 5_000 }, (_, index) => header(`h-${index % 100}`, `${index}`)),
  }),
];

/** So many messages of garbage, of each kind in turn; `from` goes on where others ended. */
export function garbage(from: number, count: number): RawKafkaMessage[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const random = seededRandom(number);
    const rare = number % giantEvery === giantEvery / 2;
    const [among, turn] = rare ? [giants, Math.floor(number / giantEvery)] : [kinds, number];
    const record = among[turn % among.length]?.(random);
    if (!record) throw new Error('there are no kinds of garbage');
    return { topic: paymentEventTopic, ...record };
  });
}

/** A payment that can be told, of a reservation of this name. */
export function payment(reservationId: string): RawKafkaMessage {
  const id = randomUUID();
  const event = create(PaymentEventSchema, {
    eventId: id,
    occurTime: timestampFromDate(new Date()),
    payment: {
      paymentId: randomUUID(),
      userId: 'u-1',
      reservationId,
      amount: toMoney({ currency: 'KRW', minor: 15_000n }),
      state: PaymentState.COMPLETED,
    },
  });
  const value = Buffer.from(toBinary(PaymentEventSchema, event));
  return { topic: paymentEventTopic, key: Buffer.from(reservationId), value, headers: validHeaders(id) };
}
