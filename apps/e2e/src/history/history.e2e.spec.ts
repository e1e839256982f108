import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openProducer, type KafkaMessage, type Producer } from '@payments/kafka';
import { eventually } from '@payments/testing';
import { startCluster, type Cluster } from './cluster.fixture.ts';
import { seedsToRun } from './config.ts';
import { crashAndReuseIds, noKeyLock, untilRelayAsks, withClient } from './planted-faults.fixture.ts';
import { plantedProducer } from './planted-producers.fixture.ts';
import { cursorByXid, positionInMemory, publishOnce } from './planted-readers.fixture.ts';
import { untilPublished } from './prepare-history.fixture.ts';
import { startFleet } from './relay-fleet.fixture.ts';
import { runHistory } from './run-history.fixture.ts';
import { smallHistory, writerWaits, type SmallHistory } from './small-history.fixture.ts';
import { tellHistory } from './tell-history.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
}, 240_000);
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

describe('concurrent writers, three relays and faults of all kinds', () => {
  it.each(seedsToRun())(
    'lose nothing, invent nothing, reverse nothing and change nothing: seed %i',
    async (seed) => {
      const outcome = await runHistory(cluster, seed);
      console.log(tellHistory(outcome));
      expect(outcome.violations).toEqual([]);
      expect(outcome.committed).toBeGreaterThan(200);
      expect(outcome.faults.filter(({ hit }) => hit).length).toBeGreaterThan(5);
      expect(outcome.writers.map(({ deadlocks }) => deadlocks)).toEqual(outcome.writers.map(() => 0));
    },
    600_000,
  );
});

describe('a key’s lock, held to the commit', () => {
  /** A transaction appends; another one of the key, begun later, commits before it, unless the key is locked. */
  const overtake = async (history: SmallHistory) => {
    let [second, committed] = [Promise.resolve(), false];
    await history.write(['abc'], async () => {
      second = history.write(['abc']).then(() => void (committed = true));
      await eventually(async () => expect(committed || (await writerWaits(history.databaseUrl))).toBe(true));
    });
    await second;
    await history.relay();
  };

  it('keeps the order of commits', async () => {
    await using history = await smallHistory(cluster, { topic: 'lock' });
    await overtake(history);
    expect(await history.broken()).toEqual([]);
  });

  it('planted fault: without it the checker finds the reversal', async () => {
    await using history = await smallHistory(cluster, { topic: 'no-lock' });
    await withClient(history.databaseUrl, (client) => client.query(noKeyLock));
    await overtake(history);
    expect(await history.broken()).toEqual(['reversed']);
  });
});

describe('reading by the difference of two snapshots', () => {
  /** A transaction takes its id with another key; one with a later id is the first to commit the key of both. */
  const interleave = async (history: SmallHistory) => {
    await history.write(['another', 'abc'], () => history.write(['abc']));
  };

  it('keeps the order of commits', async () => {
    await using history = await smallHistory(cluster, { topic: 'snapshots' });
    await interleave(history);
    await history.relay();
    expect(await history.broken()).toEqual([]);
  });

  it('planted fault: with a cursor over ids behind all open transactions the checker finds the reversal', async () => {
    await using history = await smallHistory(cluster, { topic: 'cursor' });
    const { databaseUrl } = history;
    await interleave(history);
    await publishOnce({ read: cursorByXid(), databaseUrl, brokers: cluster.kafka.brokers });
    expect(await history.broken()).toEqual(['reversed']);
  });
});

describe('positions read anew by each session', () => {
  it('lose nothing of a server that gives ids out again', async () => {
    await using history = await smallHistory(cluster, { topic: 'read-anew' });
    const { databaseUrl } = history;
    const env = { KAFKA_BROKERS: cluster.kafka.brokers.join(','), RELAY_POLL_MS: '100' };
    await using fleet = await startFleet({ count: 1, databaseUrl, env });
    await history.write(['abc']);
    await untilPublished(databaseUrl);
    await crashAndReuseIds(cluster, () => untilRelayAsks(databaseUrl));
    await history.write(['abc']);
    await untilPublished(databaseUrl);
    await fleet.stop();
    expect(await history.broken()).toEqual([]);
  });

  it('planted fault: kept in memory over a reconnect, the checker finds the loss', async () => {
    await using history = await smallHistory(cluster, { topic: 'in-memory' });
    const relay = {
      read: positionInMemory(),
      databaseUrl: history.databaseUrl,
      brokers: cluster.kafka.brokers,
    };
    await history.write(['abc']);
    await publishOnce(relay);
    await crashAndReuseIds(cluster, () => publishOnce(relay));
    await history.write(['abc']);
    await publishOnce(relay);
    expect(await history.broken()).toEqual(['lost']);
  });
});

describe('a producer without kafkajs’s retries and idempotence', () => {
  /** A relay that goes on with the next message where a send fails, and comes back to it. */
  const sendEach = async (producer: Pick<Producer, 'send'>, messages: readonly KafkaMessage[]) => {
    const queue = [...messages];
    for (let next = queue.shift(); next; next = queue.shift()) {
      const message = next;
      await producer.send([message]).catch(() => queue.push(message));
    }
  };

  /** Three messages, one send each; `replies` to the second message's sends are cut off, behind the broker's append. */
  const loseReplies = async (history: SmallHistory, producer: Pick<Producer, 'send'>, replies: number) => {
    for (const key of ['foobar', 'abc', 'another']) await history.write([key]);
    const [first, ...others] = await history.waiting();
    await sendEach(producer, first ? [first] : []);
    const [partition] = await cluster.kafka.partitions(history.topic);
    const cut = cluster.doors[(partition?.leader ?? 0) - 1]?.cutProduceReplies(replies, 30_000);
    await sendEach(producer, others);
    expect(await cut).toBe(true);
  };

  it('loses nothing when a reply is cut off', async () => {
    await using history = await smallHistory(cluster, { topic: 'replies' });
    await using producer = openProducer({ kafka: { brokers: cluster.kafka.brokers, clientId: 'spec' } });
    await loseReplies(history, producer, 1);
    expect(await history.broken()).toEqual([]);
  });

  it('planted fault: with its idempotence the checker finds the loss', async () => {
    await using history = await smallHistory(cluster, { topic: 'idempotence' });
    await using producer = await plantedProducer('idempotence', cluster.kafka.brokers);
    await loseReplies(history, producer, 2);
    expect(await history.broken()).toEqual(['lost']);
  });

  const onTwoBrokers = [
    [1, 2],
    [2, 1],
  ];

  /**
   * One message for each of two brokers; while the second has not got its own, the first takes its partition over. The producer
   * has sent to both before: a cold one may find that out for itself, before it sends.
   */
  const moveLeader = async (
    history: SmallHistory,
    producer: Pick<Producer, 'send'>,
    send: (messages: KafkaMessage[]) => Promise<void>,
  ) => {
    const writeEach = async () => {
      for (const key of ['foobar', 'abc']) await history.write([key]);
    };
    await writeEach();
    const before = await history.waiting();
    await eventually(() => producer.send(before));
    await writeEach();
    const second = cluster.doors[1];
    const held = second?.holdProduce();
    const sent = send(await history.waiting());
    await held;
    await cluster.kafka.moveLeader({ topic: history.topic, partition: 1, to: 1 });
    second?.proxy.release();
    await sent;
  };

  it('loses nothing when a leader moves during a send', async () => {
    await using history = await smallHistory(cluster, { topic: 'leader', replicas: onTwoBrokers });
    await using producer = openProducer({ kafka: { brokers: cluster.kafka.brokers, clientId: 'spec' } });
    await moveLeader(history, producer, async (messages) => {
      await expect(producer.send(messages)).rejects.toMatchObject({ verdict: 'retry' });
      await producer.send(messages);
    });
    expect(await history.broken()).toEqual([]);
  });

  it('planted fault: with its retries the checker finds the loss', async () => {
    await using history = await smallHistory(cluster, { topic: 'retries', replicas: onTwoBrokers });
    await using producer = await plantedProducer('retries', cluster.kafka.brokers);
    await moveLeader(history, producer, (messages) => producer.send(messages));
    expect(await history.broken()).toEqual(['lost']);
  });
});
