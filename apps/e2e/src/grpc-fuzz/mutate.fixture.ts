import { randomUUID } from 'node:crypto';
import { create, toBinary, type DescMessage } from '@bufbuild/protobuf';
import {
  ExecutePaymentsRequestSchema,
  GetPaymentRequestSchema,
  ListPaymentHistoryRequestSchema,
  ListPaymentsRequestSchema,
  PaymentService,
  RefundPaymentRequestSchema,
} from '@payments/contracts';
import type { Random } from '@payments/testing';

/** A whole number from 0 to below `below`. */
export const upTo = (random: Random, below: number): number => Math.floor(random() * below);

/** One of these. */
export const oneOf = <T>(random: Random, items: readonly T[]): T => items[upTo(random, items.length)] as T;

/** Random bytes. */
export const bytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => upTo(random, 256)));

/** Strings that somebody might not have thought of. */
const strings = (random: Random): string =>
  oneOf(random, [
    '',
    'u-1',
    '\0',
    'a\0b',
    '\u0001\u001f\u007f',
    '예약',
    '\u{10ffff}',
    '\ufeff',
    "'; drop table payment.payment; --",
    '%s%n${}',
    'x'.repeat(upTo(random, 300)),
    'y'.repeat(upTo(random, 300_000)),
    randomUUID(),
    '00000000-0000-0000-0000-000000000000',
    randomUUID().toUpperCase(),
  ]);

const wholeNumbers = (random: Random): number =>
  oneOf(random, [0, 1, -1, 50, 1_000, 2 ** 31 - 1, -(2 ** 31), upTo(random, 2 ** 31)]);

const large = (random: Random): bigint =>
  oneOf(random, [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(upTo(random, 2 ** 31))]);

const timestamp = (random: Random) => ({ seconds: large(random), nanos: wholeNumbers(random) });

const reservation = (random: Random) => ({
  reservationId: oneOf(random, [strings(random), randomUUID()]),
  amount: {
    currencyCode: oneOf(random, ['KRW', 'USD', 'XXX', strings(random)]),
    units: large(random),
    nanos: wholeNumbers(random),
  },
});

const filters = (random: Random) => ({
  userId: strings(random),
  reservationId: strings(random),
  state: oneOf(random, [0, 1, 2, 3, 4, 99, -1]),
  createTimeFrom: timestamp(random),
  createTimeUntil: timestamp(random),
  pageSize: wholeNumbers(random),
  pageToken: strings(random),
});

/** Messages of the right form, with anything in them. */
const messages: Record<string, (random: Random) => Uint8Array> = {
  ExecutePayments: (random) =>
    write(ExecutePaymentsRequestSchema, {
      requestId: strings(random),
      userId: strings(random),
      reservations: Array.from({ length: upTo(random, 4) }, () => reservation(random)),
    }),
  RefundPayment: (random) =>
    write(RefundPaymentRequestSchema, { requestId: strings(random), paymentId: strings(random) }),
  GetPayment: (random) => write(GetPaymentRequestSchema, { paymentId: strings(random) }),
  ListPayments: (random) => write(ListPaymentsRequestSchema, someOf(random, filters(random))),
  ListPaymentHistory: (random) => write(ListPaymentHistoryRequestSchema, someOf(random, filters(random))),
};

const write = (schema: DescMessage, fields: Record<string, unknown>) =>
  toBinary(schema, create(schema, fields));

/** Every field with an even chance: with all of them a list is refused for the first one. */
const someOf = (random: Random, fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(() => random() < 0.4));

type Mutation = (random: Random, message: Buffer) => Buffer;

const tag = (field: number, wire: number) => varint(field * 8 + wire);

const varint = (value: number): Buffer => {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    out.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) return Buffer.from(out);
  }
};

/** Field 1, within field 1, within field 1 …, of so many levels. */
const nested = (levels: number): Buffer => {
  const parts: Buffer[] = [];
  for (let size = 0, level = 0; level < levels; level++) {
    const head = Buffer.concat([tag(3, 2), varint(size)]);
    parts.unshift(head);
    size += head.length;
  }
  return Buffer.concat(parts);
};

const mutations: Mutation[] = [
  (_random, message) => message,
  (random, message) => {
    const flipped = Buffer.from(message);
    for (let flips = upTo(random, 8); flips >= 0 && flipped.length > 0; flips--) {
      const at = upTo(random, flipped.length);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << upTo(random, 8)), at);
    }
    return flipped;
  },
  (random, message) => message.subarray(0, upTo(random, message.length)),
  (random, message) => Buffer.concat([message, bytes(random, upTo(random, 50))]),
  (random, message) => Buffer.concat([message, message.subarray(upTo(random, message.length))]),
  // Unknown fields, of every wire type and of those that are none.
  (random, message) =>
    Buffer.concat([message, tag(upTo(random, 2 ** 29), upTo(random, 8)), bytes(random, 20)]),
  // A length beyond the end, and one that is negative.
  (random, message) =>
    Buffer.concat([message, tag(1, 2), Buffer.from('ffffffff0f', 'hex'), bytes(random, 4)]),
  // Endless varint.
  (_random, message) => Buffer.concat([message, tag(6, 0), Buffer.alloc(12, 0xff)]),
  // No UTF-8.
  (random, message) =>
    Buffer.concat([
      message,
      tag(2, 2),
      varint(6),
      Buffer.from([0xc0, 0x80, 0xed, 0xa0, 0x80, upTo(random, 256)]),
    ]),
  // Messages in messages, groups in groups.
  (random) => nested(upTo(random, 3_000)),
  (random) => Buffer.alloc(2 * upTo(random, 100_000), Buffer.from([0x9b, 0x06])),
  (random) => bytes(random, upTo(random, 200)),
];

/** A path of the payment service, and bytes that may be a message for it. */
export function anyMessage(random: Random): { path: string; message: Buffer } {
  const method = oneOf(random, Object.keys(messages));
  const message = Buffer.from(messages[method]?.(random) ?? []);
  return {
    path: `/${PaymentService.typeName}/${method}`,
    message: oneOf(random, mutations)(random, message),
  };
}
