import { expect, it } from '@jest/globals';
import { seededRandom, startSlackStandIn } from '@payments/testing';
import { postToSlack } from '../slack/post-to-slack.ts';
import { composeText } from './compose-text.ts';
import { nastyEvents, nastyOptions } from './nasty-events.fixture.ts';

it('is taken by the stand-in, which refuses what Slack refuses, whatever the events', async () => {
  await using slack = await startSlackStandIn();
  for (let seed = 1000; seed < 1060; seed++) {
    const random = seededRandom(seed);
    const text = composeText(nastyEvents(random), nastyOptions(random));
    const outcome = await postToSlack(text, { webhookUrl: slack.webhook, timeoutMs: 60_000 });
    expect({ seed, ...outcome }).toMatchObject({ seed, kind: 'answered', status: 200 });
  }
  expect(slack.received()).toHaveLength(60);
});
