import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSlackStandIn } from '@payments/testing';
import type { SlackStandIn } from '@payments/testing';
import { postToSlack } from './post-to-slack.ts';

const text = { text: '결제', blocks: [{ type: 'divider' as const }] };
let slack: SlackStandIn;
const post = ({ webhookUrl = slack.webhook, timeoutMs = 10_000 } = {}) =>
  postToSlack(text, { webhookUrl, timeoutMs });
/** For a Slack that never answers. */
const timeoutMs = 5_000;

beforeEach(async () => {
  slack = await startSlackStandIn();
});
afterEach(async () => {
  await slack[Symbol.asyncDispose]();
});

describe('postToSlack', () => {
  it('posts text and blocks, and nothing else', async () => {
    expect(await post()).toEqual({ kind: 'answered', status: 200, body: 'ok' });
    expect(slack.received()).toMatchObject([text]);
    expect(JSON.parse(slack.requests()[0]?.body ?? '')).toEqual(text);
  });

  it('posts one text to what takes nothing else', async () => {
    await postToSlack(text, { webhookUrl: slack.webhook, timeoutMs, format: 'text' });
    expect(JSON.parse(slack.requests()[0]?.body ?? '')).toEqual({ text: text.text });
  });

  it('reads Retry-After, which @slack/webhook does not tell', async () => {
    slack.failNext({ status: 429, retryAfterSeconds: 7 });
    expect(await post()).toEqual({ kind: 'answered', status: 429, body: 'rate_limited', retryAfterMs: 7000 });
  });

  it.each([400, 403, 404, 410, 500, 503])('tells a %s with its body, in one request', async (status) => {
    slack.failNext({ status, body: 'because' });
    expect(await post()).toEqual({ kind: 'answered', status, body: 'because', retryAfterMs: undefined });
    expect(slack.requests()).toHaveLength(1);
  });

  it.each([{ hang: 'after' }, { hang: 'before' }, { reset: 'after' }, { reset: 'before' }] as const)(
    'does not know what became of it after %j',
    async (behaviour) => {
      slack.failNext(behaviour);
      expect(await post({ timeoutMs })).toMatchObject({ kind: 'unanswered' });
      expect(slack.requests()).toHaveLength(1);
    },
  );

  it('takes the status line for the answer, also when the connection ends before the body', async () => {
    slack.failNext({ cut: 'body' });
    expect(await post()).toEqual({ kind: 'answered', status: 200, body: '' });
    expect(slack.received()).toHaveLength(1);
  });

  it('says why nobody answered, and not where: the address is a secret', async () => {
    const { webhook } = slack;
    slack.failNext({ hang: 'before' });
    const late = await post({ timeoutMs });
    await slack[Symbol.asyncDispose]();
    const refused = await post({ webhookUrl: webhook });
    expect(late).toEqual({ kind: 'unanswered', reason: expect.stringMatching(/timeout/) as unknown });
    expect(refused).toEqual({ kind: 'unanswered', reason: expect.stringMatching(/ECONNREFUSED/) as unknown });
    expect(JSON.stringify([late, refused])).not.toContain(new URL(webhook).pathname);
  });

  it('does not repeat its address from an answer that does: the address is a secret', async () => {
    const { href, pathname } = new URL(slack.webhook);
    const secret = pathname.split('/').at(-1) ?? '';
    for (const body of [`Cannot POST ${pathname}`, `${href} was not found`, `no hook ${secret} here`]) {
      slack.failNext({ status: 404, body });
      const outcome = await post();
      expect(outcome).toMatchObject({ status: 404, body: expect.stringContaining('***') as unknown });
      expect(JSON.stringify(outcome)).not.toContain(secret);
    }
  });
});
