import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isAlive } from './is-alive.ts';
import { runKafkaTool } from './java.ts';
import { readWithKafkaConsole } from './kafka-console.ts';
import { fetchKafka } from './kafka-jars.ts';
import { startKafka, type RunningKafka } from './kafka.ts';
import { pollUntil } from './poll-until.ts';
import { freePort } from './ports.ts';
import { specFolder } from './spec-folder.fixture.ts';

let closing: AsyncDisposableStack;
let folder: string;
let kafka: RunningKafka;

async function boot(brokers: number, ports: readonly number[] = []): Promise<void> {
  closing = new AsyncDisposableStack();
  folder = closing.use(await specFolder()).path;
  kafka = closing.use(await startKafka({ dataDir: folder, brokers, port: ports }));
}

/** Kafka's own console producer: lines of `headers|key~value`. */
async function produce(topic: string, lines: string): Promise<void> {
  const reader = {
    'parse.key': 'true',
    'parse.headers': 'true',
    'key.separator': '~',
    'headers.delimiter': '|',
    'null.marker': 'NULL',
  };
  await runKafkaTool({
    classPath: await fetchKafka(),
    mainClass: 'org.apache.kafka.tools.ConsoleProducer',
    args: [
      ...['--bootstrap-server', kafka.brokers.join(','), '--topic', topic],
      ...Object.entries(reader).flatMap(([name, value]) => ['--reader-property', `${name}=${value}`]),
    ],
    input: lines,
  });
}

const read = (topic: string, count: number) => readWithKafkaConsole({ brokers: kafka.brokers, topic, count });
const values = (records: Awaited<ReturnType<typeof read>>) => records.map(({ value }) => value?.toString());

describe('one Kafka', () => {
  beforeAll(() => boot(1), 240_000);
  afterAll(() => closing.disposeAsync());

  it('gives to its own console consumer what its own console producer wrote, byte by byte, in order', async () => {
    await kafka.createTopic({ topic: 'console' });
    await produce('console', 'ce_type:payment:done,tab:\t|예약-1~first\\n\nNULL|NULL~NULL\n');
    expect(await kafka.recordsAppended('console')).toBe(2);
    const records = await read('console', 2);
    expect(records).toMatchObject([
      {
        partition: 0,
        offset: '0',
        key: Buffer.from('예약-1'),
        value: Buffer.from('first\\n'),
        headers: [
          { name: 'ce_type', value: Buffer.from('payment:done') },
          { name: 'tab', value: Buffer.from('\t') },
        ],
      },
      { partition: 0, offset: '1', key: null, value: null, headers: [] },
    ]);
    expect(Math.abs((records[0]?.timestamp ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('makes no topic by itself, refuses one twice, and deletes it', async () => {
    expect(await kafka.partitions('absent')).toEqual([]);
    expect(await kafka.recordsAppended('absent')).toBe(0);
    await kafka.createTopic({ topic: 'once', partitions: 3, config: { 'max.message.bytes': '1000' } });
    expect(await kafka.partitions('once')).toHaveLength(3);
    await expect(kafka.createTopic({ topic: 'once' })).rejects.toThrow(/did not make topic once: .*exists/);
    await kafka.deleteTopic('once');
    await pollUntil({ for: 'the topic to go', timeoutMs: 40_000 }, async () =>
      (await kafka.partitions('once')).length === 0 ? true : undefined,
    );
    await kafka.deleteTopic('once');
  });

  it('keeps records over a stop and over a kill, on the same port', async () => {
    const { brokers } = kafka;
    await kafka.createTopic({ topic: 'kept' });
    await produce('kept', 'a:1|k~one\n');
    await kafka.stop();
    await kafka.start();
    await produce('kept', 'a:1|k~two\n');
    await kafka.kill();
    await kafka.start();
    expect(kafka.brokers).toEqual(brokers);
    expect(values(await read('kept', 2))).toEqual(['one', 'two']);
  }, 240_000);

  it('refuses its folder to a second cluster', async () => {
    await expect(startKafka({ dataDir: folder })).rejects.toMatchObject({ code: 'data-in-use' });
  });
});

describe('two Kafka brokers', () => {
  const ports: number[] = [];
  beforeAll(async () => {
    ports.push(await freePort(), await freePort());
    await boot(2, ports);
  }, 240_000);
  afterAll(() => closing.disposeAsync());

  it('listen on the ports that were asked for', () => {
    expect(kafka.brokers).toEqual(ports.map((port) => `127.0.0.1:${port}`));
    expect(kafka.nodes.map(({ port }) => port)).toEqual(ports);
  });

  it('move the leader of a partition, and both know it when the call returns', async () => {
    await kafka.createTopic({
      topic: 'moving',
      replicas: [
        [1, 2],
        [2, 1],
      ],
    });
    expect((await kafka.partitions('moving')).map(({ leader }) => leader)).toEqual([1, 2]);
    await produce('moving', 'a:1|k~before\n');
    await kafka.moveLeader({ topic: 'moving', partition: 0, to: 2 });
    await kafka.moveLeader({ topic: 'moving', partition: 1, to: 1 });
    expect((await kafka.partitions('moving')).map(({ leader }) => leader)).toEqual([2, 1]);
    await produce('moving', 'a:1|k~after\n');
    expect(values(await read('moving', 2))).toEqual(['before', 'after']);
  });

  it('go on with one of them killed, and take it back in', async () => {
    await kafka.createTopic({ topic: 'half', replicas: [[2, 1]] });
    await produce('half', 'a:1|k~before\n');
    const [first, second] = kafka.nodes;
    const pid = second?.pid ?? 0;
    await second?.kill();
    expect(isAlive(pid)).toBe(false);
    await pollUntil({ for: 'broker 1 to lead', timeoutMs: 60_000 }, async () =>
      (await kafka.partitions('half'))[0]?.leader === first?.id ? true : undefined,
    );
    expect(values(await read('half', 1))).toEqual(['before']);
    await second?.start();
    await pollUntil({ for: 'broker 2 to be in sync', timeoutMs: 60_000 }, async () =>
      (await kafka.partitions('half'))[0]?.inSync.length === 2 ? true : undefined,
    );
    await kafka.moveLeader({ topic: 'half', partition: 0, to: 2 });
    expect(values(await read('half', 1))).toEqual(['before']);
  }, 240_000);
});
