import { describe, expect, it } from '@jest/globals';

import { missingTopics, noTopics } from './missing-topics.ts';

/** Topics of which it is recorded what was asked for; while `refused` is set, nothing can be created. */
function creating() {
  const asked: string[][] = [];
  const kafka = { asked, refused: false };
  const topics = missingTopics({
    partitions: 12,
    ensure: (specs) => {
      asked.push(specs.map(({ topic, partitions }) => `${topic}/${partitions}`));
      return kafka.refused ? Promise.reject(new Error('refused')) : Promise.resolve();
    },
  });
  return Object.assign(kafka, topics);
}

describe('topics that messages name', () => {
  it('are asked for once', async () => {
    const { prepare, asked } = creating();
    await prepare(['a', 'b']);
    await prepare(['b', 'c']);
    await prepare(['a', 'b', 'c']);
    expect(asked).toEqual([['a/12', 'b/12'], ['c/12']]);
  });

  it('are asked for again after a failed send, since they may be gone', async () => {
    const { prepare, forget, asked } = creating();
    await prepare(['a']);
    forget();
    await prepare(['a']);
    expect(asked).toEqual([['a/12'], ['a/12']]);
  });

  it('are asked for again when they could not be created', async () => {
    const topics = creating();
    topics.refused = true;
    await expect(topics.prepare(['a'])).rejects.toThrow('refused');
    topics.refused = false;
    await topics.prepare(['a']);
    expect(topics.asked).toHaveLength(2);
  });

  it('are nobody’s business where the relay may not create them', async () => {
    await expect(noTopics.prepare(['a'])).resolves.toBeUndefined();
  });
});
