import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { startSlackStandIn, type SlackRequest } from './slack-stand-in.ts';

const post = (url: string, payload: unknown, signal?: AbortSignal) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
    ...(signal && { signal }),
  });
const answerOf = async (response: Response) => [response.status, await response.text()];

describe('the Slack stand-in', () => {
  it('keeps what it took, oldest first, and tells it as JSON', async () => {
    await using slack = await startSlackStandIn();
    expect(await answerOf(await post(slack.webhook, { text: '첫째' }))).toEqual([200, 'ok']);
    await post(slack.webhook, { text: 'second', blocks: [{ type: 'divider' }] });
    const messages = await (await fetch(slack.messages)).json();
    expect(messages).toEqual([
      { at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown, text: '첫째', blocks: [] },
      { at: expect.any(String) as unknown, text: 'second', blocks: [{ type: 'divider' }] },
    ]);
    expect(slack.received()).toEqual(messages);
    expect(await (await fetch(slack.page)).text()).toContain('첫째');
  });

  it('has a secret webhook: a new one each time, and no other path posts', async () => {
    await using slack = await startSlackStandIn();
    await using other = await startSlackStandIn();
    expect(new URL(slack.webhook).pathname).toMatch(/^\/services\/T[\dA-F]{8}\/B[\dA-F]{10}\/[\w-]{24}$/);
    expect(new URL(slack.webhook).pathname).not.toBe(new URL(other.webhook).pathname);
    expect(await answerOf(await post(`${slack.webhook}x`, { text: 'x' }))).toEqual([404, 'no_service']);
    expect(slack.received()).toEqual([]);
  });

  it('can be started again at its old address', async () => {
    const first = await startSlackStandIn();
    const path = new URL(first.webhook).pathname;
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await using second = await startSlackStandIn({ port: first.port, path });
    expect(second.webhook).toBe(first.webhook);
    await expect(startSlackStandIn({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('refuses by the published limits', async () => {
    await using slack = await startSlackStandIn();
    expect(await answerOf(await fetch(slack.webhook))).toEqual([405, 'method_not_allowed']);
    expect(await answerOf(await post(slack.webhook, {}))).toEqual([400, 'no_text']);
    expect(await answerOf(await post(slack.webhook, []))).toEqual([400, 'invalid_payload']);
    const blocks = [{ type: 'nonsense' }];
    expect(await answerOf(await post(slack.webhook, { blocks }))).toEqual([400, 'invalid_blocks']);
    expect(slack.requests().map((request) => [request.answer, request.accepted])).toEqual(
      [405, 400, 400, 400].map((status) => [status, false]),
    );
    expect(slack.received()).toEqual([]);
  });

  it('limits the rate when asked to, and says how long to wait', async () => {
    await using slack = await startSlackStandIn({ rateLimit: { perSecond: 0.001, burst: 1 } });
    await post(slack.webhook, { text: 'first' });
    const second = await post(slack.webhook, { text: 'second' });
    expect(await answerOf(second)).toEqual([429, 'rate_limited']);
    expect(second.headers.get('retry-after')).toBe('1000');
    expect(slack.received().map(({ text }) => text)).toEqual(['first']);
    expect(slack.tooFast()).toEqual([]);
  });

  it('refuses what comes before the time it asked for is over, and remembers that it came', async () => {
    await using slack = await startSlackStandIn();
    slack.failNext({ status: 429, retryAfterSeconds: 60 });
    await post(slack.webhook, { text: 'first' });
    const tooSoon = await post(slack.webhook, { text: 'too soon' });
    expect(await answerOf(tooSoon)).toEqual([429, 'rate_limited']);
    expect(tooSoon.headers.get('retry-after')).toMatch(/^(60|5\d)$/);
    expect(slack.tooFast()).toEqual([slack.requests()[1]]);
    expect(slack.tooFast()).toMatchObject([{ tooSoonMs: expect.any(Number) as unknown, accepted: false }]);
    slack.recover();
    expect((await post(slack.webhook, { text: 'after' })).status).toBe(200);
    expect(slack.tooFast()).toHaveLength(1);
  });

  it('takes what comes when the time it asked for is over', async () => {
    await using slack = await startSlackStandIn();
    slack.failNext({ status: 429, retryAfterSeconds: 1 });
    await post(slack.webhook, { text: 'first' });
    await delay(1001);
    expect((await post(slack.webhook, { text: 'in time' })).status).toBe(200);
    expect(slack.tooFast()).toEqual([]);
  });
});

describe('a Slack stand-in told to fail', () => {
  it('answers with the status asked for, as often as asked, then is sound', async () => {
    await using slack = await startSlackStandIn();
    slack.failNext({ status: 429, retryAfterSeconds: 7 });
    slack.failNext({ status: 500 }, 2);
    slack.failNext({ status: 410, body: 'gone' });
    const limited = await post(slack.webhook, { text: 'x' });
    expect([...(await answerOf(limited)), limited.headers.get('retry-after')]).toEqual([
      429,
      'rate_limited',
      '7',
    ]);
    const answers = [];
    for (let n = 0; n < 3; n++) answers.push(await answerOf(await post(slack.webhook, { text: 'x' })));
    expect(answers).toEqual([
      [500, 'rollup_error'],
      [500, 'rollup_error'],
      [410, 'gone'],
    ]);
    slack.recover();
    expect(await answerOf(await post(slack.webhook, { text: 'x' }))).toEqual([200, 'ok']);
    expect(slack.received()).toHaveLength(1);
  });

  it('stays broken until it recovers', async () => {
    await using slack = await startSlackStandIn();
    slack.failAlways({ status: 403 });
    for (let n = 0; n < 3; n++) expect((await post(slack.webhook, { text: 'x' })).status).toBe(403);
    slack.recover();
    expect((await post(slack.webhook, { text: 'x' })).status).toBe(200);
  });

  it.each(['before', 'after'] as const)('cuts the connection %s taking the message', async (side) => {
    await using slack = await startSlackStandIn();
    slack.failNext({ reset: side });
    await expect(post(slack.webhook, { text: 'x' })).rejects.toThrow('fetch failed');
    expect(slack.received()).toHaveLength(side === 'after' ? 1 : 0);
    expect(slack.requests()).toMatchObject([{ answer: 'reset', accepted: side === 'after' }]);
  });

  it('takes the message and says so, but not to the end', async () => {
    await using slack = await startSlackStandIn();
    slack.failNext({ cut: 'body' });
    const response = await post(slack.webhook, { text: 'x' });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
    expect(slack.requests()).toMatchObject([{ answer: 200, accepted: true }]);
  });

  it.each(['before', 'after'] as const)(
    'never answers, %s taking the message, and can be disposed of',
    async (side) => {
      await using slack = await startSlackStandIn();
      slack.failNext({ hang: side });
      const settled = new Promise<SlackRequest>((resolve) => slack.onRequest(resolve));
      const caller = new AbortController();
      const call = post(slack.webhook, { text: 'x' }, caller.signal);
      expect(await settled).toMatchObject({ answer: 'hang', accepted: side === 'after' });
      caller.abort();
      await expect(call).rejects.toThrow('aborted');
    },
  );

  it('cuts the connections of those that hang when it is told to, and no others', async () => {
    await using slack = await startSlackStandIn();
    slack.failNext({ hang: 'after' });
    const settled = new Promise<SlackRequest>((resolve) => slack.onRequest(resolve));
    const hanging = post(slack.webhook, { text: 'hangs' });
    await settled;
    const held = slack.holdNext();
    const sound = post(slack.webhook, { text: 'sound' });
    await held.arrived;
    slack.cutHanging();
    await expect(hanging).rejects.toThrow('fetch failed');
    held.release();
    expect((await sound).status).toBe(200);
    expect(slack.received().map(({ text }) => text)).toEqual(['hangs', 'sound']);
  });

  it('answers late when told to', async () => {
    await using slack = await startSlackStandIn();
    slack.failNext({ delayMs: 150 });
    const started = performance.now();
    expect((await post(slack.webhook, { text: 'x' })).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(140);
  });

  it('holds a request until it is released', async () => {
    await using slack = await startSlackStandIn();
    const held = slack.holdNext();
    const call = post(slack.webhook, { text: 'held' });
    await held.arrived;
    expect((await post(slack.webhook, { text: 'passes by' })).status).toBe(200);
    held.release();
    expect((await call).status).toBe(200);
    expect(slack.received().map(({ text }) => text)).toEqual(['passes by', 'held']);
  });

  it('calls back for messages and requests until it is told not to', async () => {
    await using slack = await startSlackStandIn();
    const seen: string[] = [];
    const end = slack.onMessage(({ text }) => seen.push(text));
    await post(slack.webhook, { text: 'heard' });
    end();
    await post(slack.webhook, { text: 'unheard' });
    expect(seen).toEqual(['heard']);
    expect(slack.requests()[0]?.headers['content-type']).toBe('application/json');
  });
});
