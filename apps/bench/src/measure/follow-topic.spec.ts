import { expect, it } from '@jest/globals';
import { followTopic } from './follow-topic.ts';

const stop = new AbortController().signal;

/** A topic that holds these many records at one look after the other, and then the last of them. */
function topicOf(counts: number[]) {
  const left = [...counts];
  return { recordsAppended: () => Promise.resolve(left.length > 1 ? left.shift()! : left[0]!) };
}

it('rates begin with the look that found the first messages, and leave those out', async () => {
  const progress = await followTopic(topicOf([0, 10, 10, 30, 50]), { topic: 't', total: 50, stop });
  const { messagesPerSecond, rateBetween } = progress;
  expect(rateBetween(10, 50)).toBe(messagesPerSecond);
  const [first, second] = [20 / rateBetween(0, 30), 20 / rateBetween(30, 50)];
  expect(first + second).toBeCloseTo(40 / messagesPerSecond, 10);
});

it('the rate is from the call on where one look found everything', async () => {
  const found = await followTopic(topicOf([0, 50]), { topic: 't', total: 50, stop });
  expect(found.messagesPerSecond).toBeCloseTo(50 / found.seconds);
});

it('gives up when nothing more comes', async () => {
  const following = followTopic(topicOf([0, 10]), { topic: 't', total: 50, idleMs: 20, stop });
  await expect(following).rejects.toThrow('t: 10 of 50 arrived, and no more for 0.02 s');
});
