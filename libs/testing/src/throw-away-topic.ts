import { randomBytes } from 'node:crypto';
import { createTopic, deleteTopic, untilTopicIsLed } from '@payments/servers';
import { currentTest, whenOutcomeIsKnown } from './keep-when-failed.ts';
import { testServers } from './test-servers.ts';

/** A topic of one spec. */
export interface ThrowAwayTopic extends AsyncDisposable {
  topic: string;
}

/**
 * Makes an empty topic in the run's Kafka (or in that of `options.brokers`), 12 partitions unless told, and waits until they are led. Disposed
 * of, it is deleted, or kept and named when its test has failed; without that it lives as long as the server.
 */
export async function throwAwayTopic(
  prefix = 'spec',
  options: {
    partitions?: number;
    brokers?: readonly string[];
    config?: Readonly<Record<string, string>>;
  } = {},
): Promise<ThrowAwayTopic> {
  const brokers = options.brokers ?? testServers().kafkaBrokers;
  const broker = brokers[0] ?? '';
  const topic = `${prefix}-${process.pid}-${randomBytes(5).toString('hex')}`;
  await createTopic(broker, { topic, partitions: options.partitions ?? 12, config: options.config ?? {} });
  await untilTopicIsLed(brokers, topic);
  const owner = currentTest();
  return {
    topic,
    [Symbol.asyncDispose]: () =>
      whenOutcomeIsKnown(owner, async ({ failed }) => {
        if (failed) console.log(`the failed spec's topic is kept: ${topic} at ${broker}`);
        else await deleteTopic(broker, topic);
      }),
  };
}
