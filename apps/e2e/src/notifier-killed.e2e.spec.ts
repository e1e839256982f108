import { expect, it } from '@jest/globals';
import { notifierKills } from './config.ts';
import { openEventTopic } from './event-topic.fixture.ts';
import { points } from './notifier-killed/points.fixture.ts';
import { requireCommitted, runRound, type RoundEnd } from './notifier-killed/run-round.fixture.ts';
import { openWorld } from './notifier-killed/world.fixture.ts';
import { sideBySide } from './side-by-side.ts';

/** Messages of one post: told alone, and told as a digest (more than NOTIFIER_DIGEST_ABOVE wait). */
const sizes = [1, 8];

it('a notifier killed anywhere tells each payment once, but for one post again when Slack had it without a mark', async () => {
  const rounds = notifierKills();
  await using worlds = new AsyncDisposableStack();
  const topic = worlds.use(await openEventTopic());
  const doomed = await sideBySide(Object.values(points), async (point) => ({
    point,
    world: worlds.use(await openWorld(topic)),
  }));
  await sideBySide(doomed, ({ world }) => world.notifier().ready());

  const ends: RoundEnd[][] = [];
  for (let round = 0; round < rounds; round += 1)
    ends.push(await runRound(topic, doomed, sizes[round % sizes.length] as number));

  const lines = await sideBySide(doomed, async ({ world, point }, at) => {
    // Nothing came after a round was over.
    await requireCommitted(world);
    const posts = ends.map((end) => end[at]?.posts ?? 0);
    const repeated = posts.reduce((sum, count) => sum + count - 1, 0);
    expect(repeated).toBe(point.repeats ? rounds : 0);
    const { length: messages } = world.slack.received();
    const name = Object.keys(points)[at] ?? '';
    return `${rounds} kills: ${name}; ${messages} messages in the channel, ${repeated} of them told before`;
  });
  console.log(lines.join('\n'));
}, 3_600_000);
