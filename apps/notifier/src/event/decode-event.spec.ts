import { describe, expect, it } from '@jest/globals';
import { PaymentState, paymentEventTypes } from '@payments/contracts';
import { anEvent } from './an-event.fixture.ts';
import { cutShort } from './cut-short.ts';
import { decodeEvent } from './decode-event.ts';

const without = (name: string) => {
  const { headers, ...event } = anEvent();
  return { ...event, headers: Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name)) };
};
const withHeader = (name: string, value: string) => {
  const event = anEvent();
  return { ...event, headers: { ...event.headers, [name]: value } };
};

describe('decodeEvent', () => {
  it('knows a message by its ce_id', () => {
    const id = '6f1c2b1e-6f0c-4b57-8a53-0a9f6f2c9f10';
    expect(decodeEvent(anEvent({ id }))).toMatchObject({ kind: 'event', event: { id } });
  });

  it.each([
    ['no id', without('ce_id'), 'ce_id is not a UUID'],
    ['an id that is no UUID', withHeader('ce_id', "'; drop table"), 'ce_id is not a UUID'],
    ['no type', without('ce_type'), 'ce_type is missing'],
    [
      'bytes that are no protobuf',
      { ...anEvent(), value: Buffer.from('{"json":true}') },
      'not a payment.v1.PaymentEvent',
    ],
    ['no bytes', { ...anEvent(), value: Buffer.alloc(0) }, 'lacks its payment'],
    ['no amount', { ...anEvent({ payment: { amount: undefined } }) }, 'lacks its payment, amount'],
    ['no reservation', anEvent({ payment: { reservationId: '' } }), 'reservation_id'],
    [
      'an unknown currency',
      anEvent({ payment: { amount: { currencyCode: 'XXX', units: 1n } } }),
      'amount: "XXX" is not a currency',
    ],
    [
      'a state that does not go with the type',
      anEvent({ type: paymentEventTypes.completed, payment: { state: PaymentState.FAILED } }),
      "the payment's state does not go with ce_type payment.v1.PaymentCompleted",
    ],
  ])('says why it can never tell a message with %s', (_, message, reason) => {
    expect(decodeEvent(message)).toEqual({
      kind: 'unreadable',
      reason: expect.stringContaining(reason) as unknown,
    });
  });

  it.each(['payment.v2.X', 'toString', 'x'.repeat(1_000_000)])(
    'knows that it does not know a type',
    (type) => {
      const decoded = decodeEvent(withHeader('ce_type', type));
      expect(decoded).toEqual({ kind: 'unknown', type: cutShort(type) });
    },
  );

  it.each([
    ['currency', anEvent({ payment: { amount: { currencyCode: 'X'.repeat(1_000_000), units: 1n } } })],
  ])('quotes no more than the beginning of a %s that somebody made very long', (_, message) => {
    const decoded = decodeEvent(message);
    expect(decoded).toEqual({ kind: 'unreadable', reason: expect.stringContaining('…') as unknown });
    expect(JSON.stringify(decoded).length).toBeLessThan(300);
  });

  /** The last one of a field counts: `hex` is appended, and is the new `occur_time`. */
  const withTime = (hex: string) => {
    const event = anEvent();
    return { ...event, value: Buffer.concat([event.value, Buffer.from(hex, 'hex')]) };
  };

  it.each([
    ['2^62 seconds', '120a08808080808080808040'],
    ['the first second of the year 10000', '1207088083d1ffaf07'],
    ['the last second before the year 1', '120b08ff91b8c398feffffff01'],
    ['a second of nanos', '1206108094ebdc03'],
    ['nanos below nought', '120b10ffffffffffffffffff01'],
  ])('survives a time that no Timestamp has: %s', (_, hex) => {
    expect(decodeEvent(withTime(hex))).toEqual({ kind: 'unreadable', reason: 'occur_time is not a date' });
  });

  it('reads the last second of the year 9999', () => {
    const decoded = decodeEvent(withTime('120708ff82d1ffaf07'));
    expect(decoded).toMatchObject({ event: { occurredAt: new Date('9999-12-31T23:59:59.678Z') } });
  });

  it('survives bytes that nest more deeply than a stack is deep', () => {
    const nested = { ...anEvent(), value: Buffer.alloc(1_000_000, 0x0b) };
    expect(decodeEvent(nested)).toMatchObject({ kind: 'unreadable' });
  });
});
