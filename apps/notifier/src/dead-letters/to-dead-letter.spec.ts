import { describe, expect, it } from '@jest/globals';
import { readDeadLetterMark } from '@payments/contracts';
import { textHeaders } from '@payments/kafka';
import type { RawRecord } from '@payments/kafka';
import { asConsumed } from '../a-notifier.fixture.ts';
import { anEvent } from '../event/an-event.fixture.ts';
import { decodeEvent } from '../event/decode-event.ts';
import { toDeadLetter } from './to-dead-letter.ts';

const now = new Date('2026-01-02T03:04:05.678Z');
const at = { reason: 'garbage', group: 'payment-notifier', now };
const garbage: RawRecord = {
  key: null,
  value: Buffer.from([0xff]),
  headers: [
    { key: 'a', value: Buffer.from([0x80]) },
    { key: 'a', value: null },
  ],
};
const message = { ...asConsumed(anEvent()), raw: garbage, partition: 3, timestamp: new Date(1_234) };

/** The record alone, as a consumer gets it. */
const asRead = ({ key, value, headers }: RawRecord): RawRecord => ({ key, value, headers });

describe('a dead letter', () => {
  it('holds the bytes of its message, and behind its headers where it came from and why', () => {
    const letter = toDeadLetter(message, at);
    expect(letter).toMatchObject({ topic: 'payment-event.notifier.dlt', key: null, value: garbage.value });
    expect(readDeadLetterMark(letter.headers)).toEqual({
      headers: garbage.headers,
      mark: {
        reason: 'garbage',
        topic: 'payment-event',
        partition: 3,
        offset: '7',
        timestamp: 1_234,
        group: 'payment-notifier',
        setAsideAt: now,
      },
    });
  });

  it('keeps the place of the first time when it was replayed and is set aside again', () => {
    const raw = asRead(toDeadLetter(message, at));
    const replayed = { ...message, raw, topic: 'payment-event.notifier.replay', partition: 9, offset: '99' };
    const later = new Date('2026-02-02T03:04:05.678Z');
    const again = toDeadLetter(replayed, { ...at, reason: 'still garbage', now: later });
    expect(readDeadLetterMark(again.headers)).toEqual({
      headers: garbage.headers,
      mark: expect.objectContaining({
        reason: 'still garbage',
        topic: 'payment-event',
        partition: 3,
        offset: '7',
        timestamp: 1_234,
        setAsideAt: later,
      }) as unknown,
    });
  });

  it('leaves a mark alone that somebody put into payment-event: there it is the message’s own', () => {
    const raw = asRead(toDeadLetter(message, at));
    const letter = toDeadLetter({ ...message, raw }, at);
    expect(readDeadLetterMark(letter.headers)?.headers).toEqual(raw.headers);
  });

  it('is read as its message was, with its own headers or without', () => {
    const event = asConsumed(anEvent());
    const letter = toDeadLetter(event, at);
    const value = letter.value ?? Buffer.alloc(0);
    const decoded = decodeEvent(event);
    expect(decoded.kind).toBe('event');
    expect(decodeEvent({ value, headers: textHeaders(letter.headers) })).toEqual(decoded);
    const own = readDeadLetterMark(letter.headers)?.headers ?? [];
    expect(decodeEvent({ value, headers: textHeaders(own) })).toEqual(decoded);
  });

  it('has a reason that is not endless', () => {
    const { headers } = toDeadLetter(message, { ...at, reason: 'x'.repeat(1_000_000) });
    expect(readDeadLetterMark(headers)?.mark.reason).toHaveLength(1_000);
  });
});
