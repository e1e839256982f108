import { describe, expect, it } from '@jest/globals';
import type { Exchange } from './exchange.ts';
import { readExchange } from './read-exchange.ts';
import type { Asking } from './read-exchange.ts';

const answered = (status: number, body?: unknown, retryAfter?: string): Exchange => ({
  kind: 'ANSWERED',
  status,
  retryAfter,
  body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
});
const read = (asking: Asking, exchange: Exchange) => {
  const { answer, again, health, wrong = false } = readExchange(asking, exchange);
  const code = answer.outcome === 'DECLINED' ? ` ${answer.code}` : '';
  return `${answer.outcome}${code}${again ? ' again' : ''}${wrong ? ' wrong' : ''} ${health}`;
};

const charged = { status: 'charged' };
const refunded = { status: 'refunded' };
const declined = { status: 'declined', code: 'insufficient_funds' };
const unread = 'UNKNOWN again wrong WELL';

describe('what an answer to a charge means', () => {
  it.each<[string, Exchange]>([
    ['DONE WELL', answered(200, charged)],
    ['DECLINED insufficient_funds WELL', answered(402, declined)],
    ['DECLINED unspecified WELL', answered(402, { status: 'declined' })],
    ['DECLINED unspecified WELL', answered(402, { status: 'declined', code: 'x'.repeat(65) })],
    ['DECLINED unspecified WELL', answered(402, { status: 'declined', code: 'a\nb' })],
    [unread, answered(200, refunded)],
    [unread, answered(200, declined)],
    [unread, answered(200, { status: 'processing' })],
    [unread, answered(200, { status: 'CHARGED' })],
    [unread, answered(200, ['charged'])],
    [unread, answered(200, 'charged')],
    [unread, answered(200, 'null')],
    [unread, answered(200)],
    [unread, answered(402, '<html>')],
    [unread, answered(402, charged)],
    ['UNKNOWN again wrong WELL', answered(201, charged)],
    ['UNKNOWN again wrong WELL', answered(202, charged)],
    ['UNKNOWN wrong WELL', answered(303)],
    ['NOT_ASKED wrong WELL', answered(400)],
    ['NOT_ASKED wrong WELL', answered(401)],
    ['NOT_ASKED wrong WELL', answered(403)],
    ['NOT_ASKED wrong WELL', answered(404, { status: 'not_found' })],
    ['NOT_ASKED wrong WELL', answered(413)],
    ['UNKNOWN again WELL', answered(408)],
    ['UNKNOWN again WELL', answered(409)],
    ['UNKNOWN wrong WELL', answered(422)],
    ['NOT_ASKED again WELL', answered(429, '', '1')],
    ['NOT_ASKED again WELL', answered(429)],
    ['NOT_ASKED again ILL', answered(503, '', '1')],
    ['UNKNOWN again ILL', answered(503)],
    ['UNKNOWN again ILL', answered(503, '', 'soon')],
    ['UNKNOWN again ILL', answered(500, charged)],
    ['UNKNOWN again ILL', answered(502)],
    ['UNKNOWN again ILL', answered(504)],
    ['UNKNOWN again ILL', answered(599)],
    ['NOT_ASKED again ILL', { kind: 'NO_CONNECTION', trouble: 'ECONNREFUSED' }],
    ['NOT_ASKED again ILL', { kind: 'NO_CONNECTION', trouble: 'TIMEOUT' }],
    ['NOT_ASKED UNTOLD', { kind: 'NO_CONNECTION', trouble: 'ABORTED' }],
    ['UNKNOWN again ILL', { kind: 'LOST', trouble: 'ECONNRESET' }],
    ['UNKNOWN again ILL', { kind: 'LOST', trouble: 'TIMEOUT' }],
    ['UNKNOWN UNTOLD', { kind: 'LOST', trouble: 'ABORTED' }],
  ])('%s: %j', (meaning, exchange) => {
    expect(read('POST /charges', exchange)).toBe(meaning);
  });
});

describe('what an answer to a refund means', () => {
  it.each<[string, Exchange]>([
    ['DONE WELL', answered(200, refunded)],
    ['DECLINED insufficient_funds WELL', answered(402, declined)],
    [unread, answered(200, charged)],
    ['NOT_ASKED wrong WELL', answered(404, { status: 'not_found' })],
  ])('%s: %j', (meaning, exchange) => {
    expect(read('POST /refunds', exchange)).toBe(meaning);
  });
});

describe('what an answer to a look-up means', () => {
  it.each<[string, Exchange]>([
    ['DONE WELL', answered(200, charged)],
    ['DECLINED insufficient_funds WELL', answered(200, declined)],
    ['UNKNOWN WELL', answered(200, { status: 'processing' })],
    ['NONE WELL', answered(404, { status: 'not_found' })],
    ['UNKNOWN wrong WELL', answered(404)],
    ['UNKNOWN wrong WELL', answered(404, '<html>')],
    [unread, answered(402, declined)],
    ['UNKNOWN again ILL', answered(500)],
    ['NOT_ASKED again WELL', answered(429, '', '1')],
  ])('%s: %j', (meaning, exchange) => {
    expect(read('GET /charges', exchange)).toBe(meaning);
  });
});

it('passes on when to come back', () => {
  expect(readExchange('POST /charges', answered(503, '', '7'))).toMatchObject({ retryAfterMs: 7_000 });
});
