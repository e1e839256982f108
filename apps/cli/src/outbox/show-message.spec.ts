import { describe, expect, it } from '@jest/globals';
import type { FoundMessage } from '@payments/outbox';
import { payloadText, showMessage } from './show-message.ts';

const message: FoundMessage = {
  ...{
    seq: '7',
    lane: 3,
    id: '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
    topic: 'order',
    key: 'r-1\u001b[2J',
    type: 'Placed',
  },
  ...{ status: 'PARKED', createdAt: new Date('2026-03-10T12:00:00Z'), publishedAt: null },
  ...{ headers: { traceparent: '00-1-2-01' }, payload: Buffer.from('secret') },
  parked: {
    ...{ cause: 'MESSAGE', code: 'MESSAGE_TOO_LARGE', error: 'too large', settledAt: null },
    parkedAt: new Date('2026-03-10T12:00:01Z'),
  },
};

describe('a message shown', () => {
  it('has its status, the reason it is parked, its headers and the size of its payload', () => {
    const text = showMessage(message, { payload: false });
    expect(text).toMatch(/^status +PARKED$/m);
    expect(text).toMatch(/^parked +2026-03-10T12:00:01.000Z: Kafka refused it$/m);
    expect(text).toMatch(/^error +MESSAGE_TOO_LARGE: too large$/m);
    expect(text).toMatch(/^header +traceparent: 00-1-2-01$/m);
    expect(text).toMatch(/^payload +6 B \(--payload shows it\)$/m);
    expect(text).toMatch(/^published +–$/m);
  });

  it('keeps its payload to itself unless asked, and its key off the terminal', () => {
    expect(showMessage(message, { payload: false })).not.toContain('secret');
    expect(showMessage(message, { payload: true })).toMatch(/\nsecret$/);
    expect(showMessage(message, { payload: true })).not.toContain('\u001b[2J');
  });

  it('says that it was published too long ago to know when', () => {
    const old: FoundMessage = { ...message, status: 'PUBLISHED', parked: null };
    expect(showMessage(old, { payload: false })).toMatch(/^published +too long ago to be known$/m);
  });
});

describe('a payload', () => {
  it('is text where it is UTF-8', () => {
    expect(payloadText(Buffer.from('a\r\nb\tc'))).toBe('a\r\nb\tc');
    expect(payloadText(Buffer.from('{"예약": "\n🎉"}'))).toBe('{"예약": "\n🎉"}');
  });

  it.each([
    ['an escape sequence', Buffer.from('a\u001b[2J')],
    ['text that goes back to the start of its line', Buffer.from('bad\rgood')],
    ['protobuf', Buffer.from([0x0a, 0x03, 0xff, 0x61])],
  ])('is in hex where it is %s', (_, payload) => {
    expect(payloadText(payload)).toMatch(/^00000000 {2}([0-9a-f]{2} )+ +\S+$/);
  });

  it('is cut, also in the middle of a character, and says how much is left', () => {
    const text = payloadText(Buffer.from('x' + '예'.repeat(1000)));
    expect(text).toMatch(/^x예+\n… and 2\.0 kB more/);
  });
});
