import { describe, expect, it } from '@jest/globals';
import { testServers, throwAwayTopic } from '@payments/testing';
import { readWithKafkaConsole } from './kafka-console.ts';
import { runKafkaTool } from './java.ts';
import { fetchKafka } from './kafka-jars.ts';

/** Kafka's own console producer: key~value with headers before a bar. */
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
      ...['--bootstrap-server', testServers().kafkaBrokers.join(','), '--topic', topic],
      ...Object.entries(reader).flatMap(([name, value]) => ['--reader-property', `${name}=${value}`]),
    ],
    input: lines,
  });
}

describe('readWithKafkaConsole', () => {
  it('reads what Kafka’s own producer wrote, byte by byte, in order', async () => {
    const { topic } = await throwAwayTopic('console', { partitions: 1 });
    await produce(topic, 'ce_type:payment:done,tab:\t|예약-1~first\\n\nNULL|NULL~NULL\n');
    const read = await readWithKafkaConsole({ brokers: testServers().kafkaBrokers, topic, max: 2 });
    expect(read).toMatchObject([
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
    expect(Math.abs((read[0]?.timestamp ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('ends with nothing when nothing comes', async () => {
    const { topic } = await throwAwayTopic('console', { partitions: 1 });
    expect(await readWithKafkaConsole({ brokers: testServers().kafkaBrokers, topic, idleMs: 500 })).toEqual(
      [],
    );
  });
});
