import { describe, expect, it } from '@jest/globals';
import { testServers, throwAwayTopic } from '@payments/testing';

import { topicRetentionMs } from './topic-retention.ts';

const kafka = { brokers: testServers().kafkaBrokers, clientId: 'retention-spec' };

describe('topicRetentionMs', () => {
  it.each([
    [{ 'retention.ms': '3600000' }, 3_600_000],
    [{}, 604_800_000],
    [{ 'retention.ms': '-1' }, Infinity],
    [{ 'retention.ms': '3600000', 'cleanup.policy': 'compact' }, Infinity],
  ])('of a topic with %j is %d', async (config, ms) => {
    await using made = await throwAwayTopic('spec', { partitions: 1, config });
    expect(await topicRetentionMs({ kafka, topic: made.topic })).toBe(ms);
  });

  it('rejects for a topic that is not there', async () => {
    await expect(topicRetentionMs({ kafka, topic: 'not-there' })).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
  });
});
