import { describe, expect, it } from '@jest/globals';
import { readPayload } from './slack-stand-in-limits.ts';

const read = (payload: unknown, contentType = 'application/json; charset=utf-8') =>
  readPayload({ body: JSON.stringify(payload), contentType });
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } });
const times = <T>(count: number, item: T) => Array.from({ length: count }, () => item);

describe('what Slack takes', () => {
  it('is a text, blocks, or both', () => {
    expect(read({ text: '결제' })).toEqual({ ok: true, text: '결제', blocks: [] });
    expect(read({ blocks: [section('x')] })).toEqual({ ok: true, text: '', blocks: [section('x')] });
    expect(read({ text: 'x', blocks: [section('x'), { type: 'divider' }] })).toMatchObject({ ok: true });
  });

  it('may come as a form, as old webhooks post it', () => {
    const body = new URLSearchParams({ payload: '{"text":"a & b"}' }).toString();
    const form = { body, contentType: 'application/x-www-form-urlencoded' };
    expect(readPayload(form)).toEqual({ ok: true, text: 'a & b', blocks: [] });
  });

  it('is taken up to the limit itself', () => {
    expect(read({ blocks: [section('x'.repeat(3000))] })).toMatchObject({ ok: true });
    expect(read({ blocks: times(50, section('x')) })).toMatchObject({ ok: true });
    const field = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length), emoji: true });
    const fields = [field(2000), ...times(9, field(1))];
    expect(read({ blocks: [{ type: 'section', fields }] })).toMatchObject({ ok: true });
    const header = { type: 'header', text: { type: 'plain_text', text: 'x'.repeat(150) } };
    expect(read({ blocks: [{ ...header, block_id: 'b'.repeat(255) }] })).toMatchObject({ ok: true });
  });

  it('is so long in all its blocks together, each of which weighs something by itself', () => {
    const full = times(4, section('x'.repeat(3000)));
    const ofAll = (text: string) => read({ blocks: [...full, section(text)] });
    expect(ofAll('x'.repeat(375))).toMatchObject({ ok: true });
    expect(ofAll('x'.repeat(376))).toEqual({ ok: false, error: 'msg_blocks_too_long' });
    expect(ofAll('&amp;'.repeat(76))).toEqual({ ok: false, error: 'msg_blocks_too_long' });
    const inFields = { type: 'section', fields: times(7, { type: 'mrkdwn', text: 'x'.repeat(2000) }) };
    expect(read({ blocks: [inFields] })).toEqual({ ok: false, error: 'msg_blocks_too_long' });
  });

  it('loses what a text has beyond 40,000 characters', () => {
    const result = read({ text: 'x'.repeat(40_001) });
    expect(result.ok && result.text.length).toBe(40_000);
  });
});

describe('what Slack refuses', () => {
  it.each([
    ['no JSON', '{"text":', 'application/json'],
    ['a body that is not what its content type says', '{"text":"x"}', 'text/plain'],
    ['a form without payload', 'text=x', 'application/x-www-form-urlencoded'],
    ['a list', '[]', 'application/json'],
    ['a string', '"x"', 'application/json'],
    ['nothing', '', 'application/json'],
  ])('%s is an invalid_payload', (_, body, contentType) => {
    expect(readPayload({ body, contentType })).toEqual({ ok: false, error: 'invalid_payload' });
  });

  it('a text that is not a string is an invalid_payload', () => {
    expect(read({ text: 1 })).toEqual({ ok: false, error: 'invalid_payload' });
  });

  it.each([[{}], [{ text: '' }], [{ text: '', blocks: [] }]])('%j has no_text', (payload) => {
    expect(read(payload)).toEqual({ ok: false, error: 'no_text' });
  });

  it.each([
    ['51 blocks', times(51, section('x'))],
    ['a section text of 3,001 characters', [section('x'.repeat(3001))]],
    ['an empty section text', [section('')]],
    ['a section without text and fields', [{ type: 'section' }]],
    ['11 fields', [{ type: 'section', fields: times(11, { type: 'mrkdwn', text: 'x' }) }]],
    [
      'a field of 2,001 characters',
      [{ type: 'section', fields: [{ type: 'mrkdwn', text: 'x'.repeat(2001) }] }],
    ],
    ['a header of 151 characters', [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }]],
    ['a header in mrkdwn', [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }]],
    ['a context without elements', [{ type: 'context', elements: [] }]],
    ['11 context elements', [{ type: 'context', elements: times(11, { type: 'mrkdwn', text: 'x' }) }]],
    ['an unknown block', [{ type: 'marquee', text: 'x' }]],
    ['a block without type', [{ text: 'x' }]],
    ['a block that is a string', ['x']],
    ['a text object that is a string', [{ type: 'section', text: 'x' }]],
    ['emoji in a mrkdwn text', [{ type: 'section', text: { type: 'mrkdwn', text: 'x', emoji: true } }]],
    [
      'verbatim in a plain text',
      [{ type: 'section', text: { type: 'plain_text', text: 'x', verbatim: true } }],
    ],
    ['a block_id of 256 characters', [{ ...section('x'), block_id: 'b'.repeat(256) }]],
    ['an image without alt_text', [{ type: 'image', image_url: 'https://example.com/x.png' }]],
    ['blocks that are no list', { type: 'divider' }],
  ])('%s are invalid_blocks', (_, blocks) => {
    expect(read({ text: 'x', blocks })).toEqual({ ok: false, error: 'invalid_blocks' });
  });
});
