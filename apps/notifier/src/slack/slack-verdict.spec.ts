import { describe, expect, it } from '@jest/globals';
import { isUnknown, slackVerdict } from './slack-verdict.ts';

const answered = (status: number, body = '', ms?: number) =>
  slackVerdict({ kind: 'answered', status, body, retryAfterMs: ms });

describe('slackVerdict', () => {
  it('knows what Slack took', () => {
    expect(answered(200, 'ok')).toEqual({ kind: 'told' });
  });

  it('believes the answer of a workflow rather than its status', () => {
    expect(answered(200, '{"ok":true}')).toEqual({ kind: 'told' });
    expect(answered(200, '{ "ok": false, "error": "trigger_not_found" }')).toEqual({
      kind: 'broken-webhook',
      reason: 'Slack answered 200 trigger_not_found',
    });
  });

  it.each([400, 413])('gives up the message for %s alone', (status) => {
    expect(answered(status, 'invalid_blocks')).toEqual({
      kind: 'refused',
      reason: `Slack answered ${String(status)} invalid_blocks`,
    });
  });

  it.each([408, 429, 500, 502, 503, 504])('tries again later after %s', (status) => {
    expect(answered(status).kind).toBe('later');
  });

  it('tries again later when nobody answered', () => {
    const verdict = slackVerdict({
      kind: 'unanswered',
      reason: 'no answer from Slack: connect ECONNREFUSED',
    });
    expect(verdict).toEqual({ kind: 'later', reason: 'no answer from Slack: connect ECONNREFUSED' });
  });

  it('hands on how long Slack wants to be left alone', () => {
    expect(answered(429, 'rate_limited', 3000)).toMatchObject({ kind: 'later', retryAfterMs: 3000 });
  });

  it.each([301, 401, 403, 404, 405, 410, 418])('blames the webhook for %s, and loses nothing', (status) => {
    expect(answered(status).kind).toBe('broken-webhook');
  });

  it('repeats a word of Slack, and nothing of who quotes what was posted', () => {
    const quoting = 'cannot take "Payment completed: 1,000 for reservation r-1 by user u-1"';
    for (const body of [quoting, `{"ok":false,"error":"${quoting}"}`, 'x'.repeat(5000), 'u-1', '1000'])
      expect(answered(500, body)).toMatchObject({ reason: 'Slack answered 500' });
    expect(answered(500, ' rollup_error\n')).toMatchObject({ reason: 'Slack answered 500 rollup_error' });
  });
});

describe('isUnknown', () => {
  it('doubts what nobody answered, and what a gateway answered that did not hear Slack; nothing else', () => {
    const statuses = [200, 400, 403, 408, 429, 500, 502, 503, 504];
    const doubted = statuses.filter((status) => isUnknown({ kind: 'answered', status, body: '' }));
    expect(doubted).toEqual([502, 504]);
    expect(isUnknown({ kind: 'unanswered', reason: 'no answer' })).toBe(true);
  });
});
