import { describe, expect, it } from '@jest/globals';
import { KafkaError } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import type { Batch, RelayMessage } from '@payments/outbox';

import { toKafkaMessage } from '../to-kafka-message.ts';
import { deliver } from './deliver.ts';
import { troubledTopics } from './troubled-topics.ts';

/** A message in short: `topic:key:text`. Its id is the same. */
const row = (short: string, index: number): RelayMessage => {
  const [topic = '', key = '', text = ''] = short.split(':');
  const type = text === 'untyped' ? '' : 'T';
  const payload = Buffer.from(text);
  return {
    lane: 0,
    seq: BigInt(index),
    id: short,
    topic,
    key,
    type,
    payload,
    headers: {},
    createdAt: new Date(0),
  };
};

/** A Kafka that takes a request whole or not at all, and says why it does not. */
function kafka(refuses: (messages: readonly string[]) => string | undefined) {
  const requests: string[][] = [];
  return {
    requests,
    send: (messages: readonly KafkaMessage[]) => {
      const ids = messages.map(({ headers }) => headers['ce_id'] ?? '');
      requests.push(ids);
      const code = refuses(ids);
      return code ? Promise.reject(new KafkaError(code, `no: ${code}`)) : Promise.resolve();
    },
    /** What was taken, in order, each delivery. */
    taken: () => requests.filter((ids) => !refuses(ids)).flat(),
  };
}

type Options = { kind?: Batch['kind']; createTopics?: boolean; troubled?: ReturnType<typeof troubledTopics> };

async function delivery(shorts: string[], to: ReturnType<typeof kafka>, options: Options = {}) {
  const { kind = 'LOG', createTopics = false, troubled = troubledTopics() } = options;
  const batch = { kind, messages: shorts.map(row) };
  const refusals = await deliver({
    batch,
    toEvent: toKafkaMessage,
    send: to.send,
    prepareTopics: () => Promise.resolve(),
    createTopics,
    troubled,
  });
  return refusals.map(({ message, cause, code }) => `${message.id} ${cause} ${code}`);
}

const refusing = (text: string, code: string) =>
  kafka((ids) => (ids.some((id) => id.endsWith(text)) ? code : undefined));
const refusingTopic = (topic: string, code: string) =>
  kafka((ids) => (ids.some((id) => id.startsWith(`${topic}:`)) ? code : undefined));

describe('delivering a batch', () => {
  it('takes one request where nothing is refused', async () => {
    const to = kafka(() => undefined);
    expect(await delivery(['t:a:1', 't:b:1', 'u:a:1'], to)).toEqual([]);
    expect(to.requests).toEqual([['t:a:1', 't:b:1', 'u:a:1']]);
  });

  it('finds the one that is too large among 1,000 in few requests, and takes out what follows it', async () => {
    const to = refusing('poison', 'MESSAGE_TOO_LARGE');
    const shorts = Array.from({ length: 1000 }, (_, index) => `t:k${index % 100}:${index}`);
    shorts[317] = 't:k17:poison';
    const refused = await delivery(shorts, to);
    const followers = shorts.filter((short, index) => index > 317 && short.startsWith('t:k17:'));
    expect(refused.toSorted()).toEqual(
      [
        't:k17:poison MESSAGE MESSAGE_TOO_LARGE',
        ...followers.map((id) => `${id} FOLLOWS MESSAGE_TOO_LARGE`),
      ].toSorted(),
    );
    expect(to.taken()).toEqual(shorts.filter((id) => id !== 't:k17:poison' && !followers.includes(id)));
    expect(to.requests.length).toBeLessThanOrEqual(21);
  });

  it('settles a part before it sends what is behind it', async () => {
    const to = refusing('poison', 'INVALID_RECORD');
    await delivery(['t:a:1', 't:a:poison', 't:b:1', 't:a:3', 't:b:2'], to);
    expect(to.taken()).toEqual(['t:a:1', 't:b:1', 't:b:2']);
    expect(to.requests.flat()).not.toContain('t:a:4');
    // After it was found alone, nothing of its key is tried.
    const found = to.requests.findIndex((ids) => ids.join() === 't:a:poison');
    expect(to.requests.slice(found + 1).flat()).not.toContain('t:a:3');
  });

  it('finds several poisoned messages, of one key the first', async () => {
    const to = refusing('poison', 'INVALID_RECORD');
    const refused = await delivery(['t:a:poison', 't:b:1', 't:c:poison', 't:a:also poison'], to);
    expect(refused.toSorted()).toEqual([
      't:a:also poison FOLLOWS INVALID_RECORD',
      't:a:poison MESSAGE INVALID_RECORD',
      't:c:poison MESSAGE INVALID_RECORD',
    ]);
    expect(to.taken()).toEqual(['t:b:1']);
  });

  it('parks by its key in its topic, not in another', async () => {
    const to = refusing('poison', 'INVALID_RECORD');
    expect(await delivery(['t:a:poison', 'u:a:1'], to)).toHaveLength(1);
    expect(to.taken()).toEqual(['u:a:1']);
  });

  it('throws where nothing is wrong with the messages, also in the middle of a search', async () => {
    let requests = 0;
    const to = kafka(() => (++requests < 3 ? 'MESSAGE_TOO_LARGE' : 'NOT_LEADER_FOR_PARTITION'));
    await expect(delivery(['t:a:1', 't:a:2', 't:a:3', 't:a:4'], to)).rejects.toMatchObject({
      code: 'NOT_LEADER_FOR_PARTITION',
    });
    expect(to.requests).toHaveLength(3);
  });

  it('tries three times what is refused with an error that nobody knows', async () => {
    const to = refusing('poison', 'TypeError');
    expect(await delivery(['t:a:poison', 't:b:1'], to)).toEqual(['t:a:poison MESSAGE TypeError']);
    expect(to.requests).toEqual([
      ['t:a:poison', 't:b:1'],
      ...[['t:a:poison'], ['t:a:poison'], ['t:a:poison']],
      ['t:b:1'],
    ]);
    let tries = 0;
    const once = kafka(() => (tries++ === 0 ? 'TypeError' : undefined));
    expect(await delivery(['t:a:1'], once)).toEqual([]);
  });

  it('parks nothing for an error that nobody knows while nothing at all is taken, but for one topic after 30 s', async () => {
    let now = 0;
    const troubled = troubledTopics(() => now);
    const to = kafka(() => 'TypeError');
    const refused = { code: 'TypeError' };
    await expect(delivery(['t:a:1', 't:b:1'], to, { troubled })).rejects.toMatchObject(refused);
    now = 30_000;
    await expect(delivery(['t:a:1', 'u:b:1'], to, { troubled })).rejects.toMatchObject(refused);
    expect(await delivery(['t:a:1', 't:b:1'], to, { troubled })).toEqual([
      't:a:1 MESSAGE TypeError',
      't:b:1 MESSAGE TypeError',
    ]);
  });

  it('does not send what is no CloudEvent, nor what follows it', async () => {
    const to = kafka(() => undefined);
    expect(await delivery(['t:a:1', 't:a:untyped', 't:a:3', 't:b:1'], to)).toEqual([
      't:a:untyped MESSAGE INVALID_CLOUD_EVENT',
      't:a:3 FOLLOWS INVALID_CLOUD_EVENT',
    ]);
    expect(to.requests).toEqual([['t:a:1', 't:b:1']]);
  });

  it('does not send what no broker takes', async () => {
    const to = kafka(() => undefined);
    const huge = { ...row('t:a:1', 0), payload: Buffer.alloc(100 * 1024 * 1024) };
    const refusals = await deliver({
      batch: { kind: 'LOG', messages: [huge] },
      toEvent: toKafkaMessage,
      send: to.send,
      prepareTopics: () => Promise.resolve(),
      createTopics: false,
      troubled: troubledTopics(),
    });
    expect(refusals).toMatchObject([{ cause: 'MESSAGE', code: 'MESSAGE_TOO_LARGE' }]);
    expect(to.requests).toEqual([]);
  });
});

describe('a topic that takes nothing', () => {
  it('is found among others; all its messages are refused, without a try each', async () => {
    const to = refusingTopic('bad', 'TOPIC_AUTHORIZATION_FAILED');
    const shorts = ['t:a:1', 'bad:a:1', 'u:a:1', 'bad:b:1', 't:a:2', 'bad:a:2'];
    expect(await delivery(shorts, to)).toEqual([
      'bad:a:1 TOPIC TOPIC_AUTHORIZATION_FAILED',
      'bad:b:1 TOPIC TOPIC_AUTHORIZATION_FAILED',
      'bad:a:2 TOPIC TOPIC_AUTHORIZATION_FAILED',
    ]);
    expect(to.taken()).toEqual(['t:a:1', 't:a:2', 'u:a:1']);
    expect(to.requests.filter((ids) => ids.some((id) => id.startsWith('bad:')))).toHaveLength(2);
  });

  it('is refused as a whole in the second half, too, when the first showed it', async () => {
    const to = kafka((ids) => {
      if (ids.some((id) => id.endsWith('poison'))) return 'INVALID_RECORD';
      return ids.some((id) => id.startsWith('bad:')) ? 'INVALID_TOPIC_EXCEPTION' : undefined;
    });
    const refused = await delivery(['bad:a:1', 't:a:poison', 't:b:1', 'bad:b:1'], to);
    expect(refused.toSorted()).toEqual([
      'bad:a:1 TOPIC INVALID_TOPIC_EXCEPTION',
      'bad:b:1 TOPIC INVALID_TOPIC_EXCEPTION',
      't:a:poison MESSAGE INVALID_RECORD',
    ]);
    expect(to.taken()).toEqual(['t:b:1']);
  });

  it('is parked for too few replicas only when others took messages beside it for some rounds', async () => {
    const to = refusingTopic('bad', 'NOT_ENOUGH_REPLICAS');
    const troubled = troubledTopics();
    const shorts = ['bad:a:1', 't:a:1', 'bad:a:2'];
    for (let round = 1; round < 3; round++) {
      await expect(delivery(shorts, to, { troubled })).rejects.toMatchObject({ code: 'NOT_ENOUGH_REPLICAS' });
    }
    expect(await delivery(shorts, to, { troubled })).toEqual([
      'bad:a:1 TOPIC NOT_ENOUGH_REPLICAS',
      'bad:a:2 TOPIC NOT_ENOUGH_REPLICAS',
    ]);
    expect(to.taken()).toEqual(['t:a:1', 't:a:1', 't:a:1']);
  });

  it('is never parked for too few replicas when nothing else is taken: it is Kafka', async () => {
    const to = kafka(() => 'NOT_ENOUGH_REPLICAS');
    const troubled = troubledTopics();
    for (let round = 1; round < 9; round++) {
      await expect(delivery(['t:a:1', 'u:a:1'], to, { troubled })).rejects.toMatchObject({
        code: 'NOT_ENOUGH_REPLICAS',
      });
    }
  });

  it('is parked for too few replicas after 30 s where a batch has no other topic: what is behind it must not wait', async () => {
    let now = 0;
    const troubled = troubledTopics(() => now);
    const to = kafka(() => 'NOT_ENOUGH_REPLICAS');
    const alone = () => delivery(['bad:a:1', 'bad:b:1'], to, { troubled });
    await expect(alone()).rejects.toMatchObject({ code: 'NOT_ENOUGH_REPLICAS' });
    now = 29_999;
    await expect(alone()).rejects.toMatchObject({ code: 'NOT_ENOUGH_REPLICAS' });
    now = 30_000;
    expect(await alone()).toEqual(['bad:a:1 TOPIC NOT_ENOUGH_REPLICAS', 'bad:b:1 TOPIC NOT_ENOUGH_REPLICAS']);
  });

  it('is not to blame when it takes messages again in between', async () => {
    let refuses = true;
    const to = kafka((ids) =>
      refuses && ids.some((id) => id.startsWith('bad:')) ? 'NOT_ENOUGH_REPLICAS' : undefined,
    );
    const troubled = troubledTopics();
    const round = () => delivery(['bad:a:1', 't:a:1'], to, { troubled });
    for (let count = 0; count < 2; count++) await expect(round()).rejects.toThrow();
    refuses = false;
    await round();
    refuses = true;
    for (let count = 0; count < 2; count++) await expect(round()).rejects.toThrow();
    expect(await round()).toEqual(['bad:a:1 TOPIC NOT_ENOUGH_REPLICAS']);
  });
});
