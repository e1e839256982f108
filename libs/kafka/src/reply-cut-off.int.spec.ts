import { describe, expect, it } from '@jest/globals';
import { testServers } from '@payments/testing';

import { ledTopic } from './led-topic.fixture.ts';
import { plantedProducer } from './planted-producers.fixture.ts';
import type { KafkaMessage } from './producer.ts';
import { openProducer } from './producer.ts';
import { valuesIn } from './read-topic.fixture.ts';
import { tapSockets } from './tapped-sockets.fixture.ts';

const { kafkaBrokers: brokers } = testServers();
const kafka = { brokers, clientId: 'cut-off-spec' };
const message = (topic: string, value: string): KafkaMessage => ({
  topic,
  key: 'r-1',
  value: Buffer.from(value),
  headers: {},
});

describe('when the reply to a produce request is cut off', () => {
  it('the send is rejected, and repeated it arrives: nothing is lost, and nothing overtakes', async () => {
    await using made = await ledTopic(1);
    const { topic } = made;
    const tap = tapSockets();
    await using producer = openProducer({ kafka, socketFactory: tap.socketFactory });
    await producer.send([message(topic, 'A')]);

    const cut = tap.cutReplies(1);
    await expect(producer.send([message(topic, 'B')])).rejects.toMatchObject({
      verdict: 'retry',
      retriable: true,
    });
    await cut; // the broker has answered, so B is in the log
    await producer.send([message(topic, 'B')]);
    await producer.send([message(topic, 'C')]);
    expect(await valuesIn(brokers, topic)).toEqual(['A', 'B', 'B', 'C']);
  });

  it('what is sent next is in the log', async () => {
    await using made = await ledTopic(1);
    const { topic } = made;
    const tap = tapSockets();
    await using producer = openProducer({ kafka, socketFactory: tap.socketFactory });
    await producer.send([message(topic, 'A')]);

    const cut = tap.cutReplies(1);
    await expect(producer.send([message(topic, 'B')])).rejects.toMatchObject({ retriable: true });
    await cut;
    await producer.send([message(topic, 'C')]);
    expect(await valuesIn(brokers, topic)).toEqual(['A', 'B', 'C']);
  });

  it('planted fault: with kafkajs’s idempotence what is sent next is acknowledged, and in no log', async () => {
    await using made = await ledTopic(1);
    const { topic } = made;
    const tap = tapSockets();
    await using producer = await plantedProducer('idempotence', {
      brokers,
      socketFactory: tap.socketFactory,
    });
    await producer.send([message(topic, 'A')]);

    const cut = tap.cutReplies(2); // of the send and of kafkajs's repetition
    await expect(producer.send([message(topic, 'B')])).rejects.toThrow();
    await cut;
    await producer.send([message(topic, 'C')]); // resolves
    expect(await valuesIn(brokers, topic)).toEqual(['A', 'B']);
  });
});
