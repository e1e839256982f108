import { expect, it } from '@jest/globals';
import { eventually, tcpProxy, testServers, throwAwayTopic } from '@payments/testing';

import { relaying } from './relaying.fixture.ts';

it('a relay whose round does not end is not ready, says what it waits for, and comes good with the answer', async () => {
  await using made = await throwAwayTopic();
  await using outbox = await relaying();
  await using proxy = await tcpProxy({ target: new URL(testServers().postgresUrl).host });
  const proxied = Object.assign(new URL(outbox.url), { host: proxy.address }).href;
  const env = { DATABASE_URL: proxied, RELAY_POLL_MS: '50' };
  const relay = outbox.start(env, undefined, { roundBoundMs: 1000 });
  await relay.ready();
  const told = () => relay.lines.filter((line) => line.startsWith('a round does not end')).length;
  const before = told();
  // PostgreSQL swallows what it is asked, as a network does that is cut: for less than the 15 s after which that is a failure.
  proxy.hold();
  await eventually(() => expect(relay.missing()).toHaveProperty('publishing'));
  expect(relay.missing()).toEqual({
    publishing: expect.stringMatching(
      /^a round that began \d+ s ago has not ended: it waits for PostgreSQL to hand/,
    ),
  });
  expect(told()).toBe(before + 1);
  proxy.release();
  await outbox.append(made.topic, [{ key: 'r-1', text: '1' }]);
  await eventually(() => expect(relay.published()).toBe(1));
  await eventually(() => expect(relay.missing()).toEqual({}));
  expect(relay.lines.at(-1)).toBe('ready');
});
