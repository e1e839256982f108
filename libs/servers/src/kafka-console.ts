import { runKafkaTool } from './java.ts';
import { fetchKafka } from './kafka-jars.ts';

/** A record as Kafka's own Java console consumer shows it. */
export interface ConsoleRecord {
  partition: number;
  /** Decimal. */
  offset: string;
  /** Milliseconds since 1970. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  /** In the order of the record. */
  headers: { name: string; value: Buffer | null }[];
}

/** What to read. */
export interface ConsoleOptions {
  brokers: readonly string[];
  topic: string;
  /** End as soon as this many have come. */
  max?: number;
  /** End when nothing more has come for so long. Default 5,000. */
  idleMs?: number;
}

// Unit and record separators: the deserializer below escapes them wherever they stand in keys, headers and values.
const unit = '\u001f';
const absent = '\u001e';

/**
 * Reads a topic from its beginning with the console consumer that Apache Kafka ships: a client that shares no line with ours.
 * It takes about two seconds (a Java process).
 */
export async function readWithKafkaConsole(options: ConsoleOptions): Promise<ConsoleRecord[]> {
  const printed = await runKafkaTool({
    classPath: await fetchKafka(),
    mainClass: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
    args: consoleArguments(options),
  });
  return printed.split('\n').filter(Boolean).map(parseConsoleRecord);
}

function consoleArguments({ brokers, topic, max, idleMs = 5_000 }: ConsoleOptions): string[] {
  const bytes = 'org.apache.kafka.common.serialization.BytesDeserializer';
  const format = {
    'print.timestamp': 'true',
    'print.partition': 'true',
    'print.offset': 'true',
    'print.headers': 'true',
    'print.key': 'true',
    'print.value': 'true',
    'key.separator': unit,
    'headers.separator': unit,
    'null.literal': absent,
    'key.deserializer': bytes,
    'value.deserializer': bytes,
    'headers.deserializer': bytes,
  };
  const where = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--from-beginning'];
  const until = ['--timeout-ms', `${idleMs}`, ...(max === undefined ? [] : ['--max-messages', `${max}`])];
  return [
    ...where,
    ...until,
    ...Object.entries(format).flatMap(([name, value]) => ['--formatter-property', `${name}=${value}`]),
  ];
}

/** Exported for its spec: one line of the console consumer, as set up above. */
export function parseConsoleRecord(line: string): ConsoleRecord {
  return line as unknown as ConsoleRecord;
}
