import { describe, expect, it } from '@jest/globals';
import { openSlack } from './open-slack.ts';
import type { SlackOptions } from './open-slack.ts';
import type { PostOutcome } from './slack-verdict.ts';

const text = { text: 'x', blocks: [] };
const posting = {
  mayPost: () => Promise.resolve(true),
  onUnanswered: () => undefined,
  stop: new AbortController().signal,
};
const status = (code: number, retryAfterMs?: number): PostOutcome => ({
  kind: 'answered',
  status: code,
  body: '',
  retryAfterMs,
});

/** A way to Slack that gives these outcomes one after the other, the last one for ever, and notes what happens. */
function slackThatAnswers(outcomes: PostOutcome[], options: Partial<SlackOptions> = {}) {
  const posted: number[] = [];
  const notes: string[] = [];
  const note = (fields: object, message: string) => void notes.push(`${message} ${JSON.stringify(fields)}`);
  const slack = openSlack({
    post: () => {
      posted.push(performance.now());
      return Promise.resolve(outcomes[Math.min(posted.length, outcomes.length) - 1] ?? status(200));
    },
    minIntervalMs: 0,
    backoffMs: { minMs: 1, maxMs: 2 },
    brokenPauseMs: 5,
    health: {
      ready: (part) => void notes.push(`ready ${part}`),
      notReady: (part, reason) => void notes.push(`notReady ${part}: ${reason}`),
    },
    log: { warn: note as never, error: note as never },
    ...options,
  });
  return { slack, posted, notes };
}

describe('the way to Slack', () => {
  it('tries again until Slack takes the message', async () => {
    const { slack, posted, notes } = slackThatAnswers([
      status(500),
      { kind: 'unanswered', reason: 'no answer from Slack: timeout' },
      status(503),
      status(200),
    ]);
    expect(await slack.tell(text, posting)).toEqual({ kind: 'told' });
    expect(posted).toHaveLength(4);
    expect(notes).toContain('notReady slack: no answer from Slack: timeout');
    expect(notes.at(-1)).toBe('ready slack');
  });

  it('obeys Retry-After to the letter, for every message, and stays ready', async () => {
    const { slack, posted, notes } = slackThatAnswers([status(429, 80), status(200)]);
    await Promise.all([1, 2].map(() => slack.tell(text, posting)));
    const [limited = 0, first = 0] = posted;
    expect(posted).toHaveLength(3);
    expect(first - limited).toBeGreaterThanOrEqual(80);
    expect(notes.join()).not.toContain('notReady');
  });

  it('reports each try of which nobody knows whether Slack took it, and no other', async () => {
    const unanswered: PostOutcome = { kind: 'unanswered', reason: 'no answer from Slack: timeout' };
    const { slack, posted } = slackThatAnswers([
      status(500),
      unanswered,
      status(429, 1),
      unanswered,
      status(200),
    ]);
    const reported: number[] = [];
    const onUnanswered = () => void reported.push(posted.length);
    expect(await slack.tell(text, { ...posting, onUnanswered })).toEqual({ kind: 'told' });
    expect(reported).toEqual([2, 4]);
  });

  it('gives up a message that Slack refuses, and says why', async () => {
    const { slack, posted } = slackThatAnswers([status(400)]);
    expect(await slack.tell(text, posting)).toEqual({
      kind: 'refused',
      reason: 'Slack answered 400',
    });
    expect(posted).toHaveLength(1);
  });

  it.each([403, 404, 410])(
    'waits for the webhook to be mended after %s, un-ready, and loses nothing',
    async (code) => {
      const { slack, notes } = slackThatAnswers([status(code), status(code), status(200)]);
      expect(await slack.tell(text, posting)).toEqual({ kind: 'told' });
      expect(notes[0]).toBe(`notReady slack: Slack answered ${String(code)}: the webhook must be mended`);
      expect(notes.at(-1)).toBe('ready slack');
    },
  );

  it('posts nothing that it may not post any more', async () => {
    const { slack, posted } = slackThatAnswers([status(200)]);
    const lost = await slack.tell(text, { ...posting, mayPost: () => Promise.resolve(false) });
    expect(lost).toEqual({ kind: 'lost' });
    expect(posted).toEqual([]);
  });

  it('asks before every try, not only before the first', async () => {
    const { slack, posted } = slackThatAnswers([status(500)]);
    let asked = 0;
    const twice = () => Promise.resolve(++asked <= 2);
    expect(await slack.tell(text, { ...posting, mayPost: twice })).toEqual({ kind: 'lost' });
    expect([asked, posted.length]).toEqual([3, 2]);
  });

  it('ends between two tries at a stop', async () => {
    const stop = new AbortController();
    const { slack } = slackThatAnswers([status(403)], { brokenPauseMs: 60_000 });
    const telling = slack.tell(text, { ...posting, stop: stop.signal });
    setImmediate(() => stop.abort());
    await expect(telling).rejects.toThrow('aborted');
  });
});
