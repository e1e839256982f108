import { describe, expect, it } from '@jest/globals';
import { postResult } from './post-result.ts';
import { slackVerdict } from './slack-verdict.ts';
import type { PostOutcome } from './slack-verdict.ts';

const answer = (status: number, body = ''): PostOutcome => ({ kind: 'answered', status, body });

describe('a post', () => {
  it.each([
    [answer(200), 'told'],
    [answer(200, '{"ok":false}'), 'broken_webhook'],
    [answer(400), 'refused'],
    [answer(403), 'broken_webhook'],
    [answer(429), 'limited'],
    [answer(502), 'unavailable'],
    [{ kind: 'unanswered', reason: 'no answer from Slack' }, 'no_answer'],
  ] as const)('that is %j is counted as %s', (outcome, result) => {
    expect(postResult(outcome, slackVerdict(outcome))).toBe(result);
  });
});
