import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually, type RunningService } from '@payments/testing';
import { relayKills } from './config.ts';
import { untilShares } from './lanes-seen.fixture.ts';
import { numbered, readNumbers, writeSteadily } from './steady-writing.fixture.ts';
import { startSystem } from './system.fixture.ts';

const topic = 'numbers';
/** How often a relay is killed, in milliseconds. */
const everyMs = 3000;

it('four relays, one of them killed and replaced every 3 s under 300 messages a second, lose nothing and keep the order', async () => {
  await using system = await startSystem();
  const onlooker = await system.connect();
  const startRelay = () => system.start('relay', { RELAY_POLL_MS: '200' });
  const relays: RunningService[] = await Promise.all(Array.from({ length: 4 }, startRelay));
  await untilShares(onlooker, [4, 4, 4, 4]);

  const enough = new AbortController();
  const writing = writeSteadily(await system.connect(), { topic, enough: enough.signal });
  for (let kill = 0; kill < relayKills(); kill++) {
    // The rhythm is the fault: takeovers and newcomers follow each other without rest.
    const [next] = await Promise.all([startRelay(), pause(everyMs)]);
    await relays.shift()?.kill('SIGKILL');
    relays.push(next);
  }
  enough.abort();
  const count = await writing;

  const { numbers, repeats } = await eventually(
    async () => {
      const read = await readNumbers(system.kafka, topic);
      expect(Object.values(read.numbers).flat()).toHaveLength(30 * count);
      return read;
    },
    { timeoutMs: 60_000 },
  );
  console.log(`${relayKills()} relays killed: ${30 * count} messages, ${repeats} repeats`);
  expect(numbers).toEqual(numbered(count));
  expect(count).toBeGreaterThan(relayKills() * 15);
  await untilShares(onlooker, [4, 4, 4, 4]);
}, 300_000);
