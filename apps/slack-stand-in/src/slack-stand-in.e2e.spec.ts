import { describe, expect, it } from '@jest/globals';
import { eventually, startService } from '@payments/testing';

const post = (url: string, payload: unknown) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
  });

describe('the Slack stand-in as a process', () => {
  it('takes what is posted to its one webhook from beyond loopback, prints it and tells it as JSON', async () => {
    await using slack = await startService({ app: 'slack-stand-in', env: { SLACK_LISTEN: '0.0.0.0:0' } });
    // Another address of this machine than 127.0.0.1: nobody answers there who listens on that one alone.
    const origin = slack.http.replace('0.0.0.0', 'http://127.0.0.2');
    expect((await fetch(`${origin}/livez`)).status).toBe(200);
    expect((await post(`${origin}/services/stand-in`, { text: '*15,000 KRW* paid' })).status).toBe(200);
    expect((await post(`${origin}/services/other`, { text: 'lost' })).status).toBe(404);
    const { fields } = await slack.waitForLine(({ fields: { msg } }) => msg === 'message');
    expect(fields).toMatchObject({ text: '*15,000 KRW* paid' });
    const messages = await (await fetch(`${origin}/messages`)).json();
    expect(messages).toEqual([expect.objectContaining({ text: '*15,000 KRW* paid' })]);
    expect(await slack.kill('SIGTERM')).toBe('exit code 0');
    await eventually(() => expect(fetch(`${origin}/livez`)).rejects.toThrow());
  });

  it('names what is wrong with its environment, and listens nowhere', async () => {
    const starting = startService({ app: 'slack-stand-in', env: { SLACK_LISTEN: '9104' } });
    const problem = expect.stringContaining('SLACK_LISTEN must be host:port') as unknown;
    await expect(starting).rejects.toMatchObject({ cause: { message: problem } });
  });
});
