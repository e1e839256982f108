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
  /** How many records to read, from the beginning of the topic. */
  count: number;
}

/** How long, in milliseconds, a record may take to come; the first one with the start of Java and the joining of a group. */
const idleMs = 60_000;

// Separators that the deserializer below escapes wherever they stand in a key, a header's value or a value.
const unit = '\u001f';
const record = '\u001e';
// Passed through the same deserializer, hence compared in its escaped form.
const absent = `${record}null${record}`;
const absentEscaped = '\\x1Enull\\x1E';

/**
 * Reads a topic from its beginning with the console consumer that Apache Kafka ships: a client that shares no line with ours.
 * It takes about two seconds (a Java process). Where it ends is told by the number of records alone: a pause says nothing, since a
 * slow machine makes one before the first record as well.
 *
 * @throws Error when fewer came.
 */
export async function readWithKafkaConsole(options: ConsoleOptions): Promise<ConsoleRecord[]> {
  if (options.count === 0) return [];
  const printed = await runKafkaTool({
    classPath: await fetchKafka(),
    mainClass: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
    args: consoleArguments(options),
  });
  const records = printed.split('\n').filter(isRecord).map(parseConsoleRecord);
  if (records.length < options.count)
    throw new Error(`only ${records.length} of ${options.count} records of topic ${options.topic} came`);
  return records;
}

function consoleArguments({ brokers, topic, count }: ConsoleOptions): string[] {
  const bytes = 'org.apache.kafka.common.serialization.BytesDeserializer';
  const format = {
    'print.timestamp': 'true',
    'print.partition': 'true',
    'print.offset': 'true',
    'print.headers': 'true',
    'print.key': 'true',
    'print.value': 'true',
    'key.separator': unit,
    'headers.separator': record,
    'null.literal': absent,
    'key.deserializer': bytes,
    'value.deserializer': bytes,
    'headers.deserializer': bytes,
  };
  const where = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--from-beginning'];
  const until = ['--timeout-ms', `${idleMs}`, '--max-messages', `${count}`];
  return [
    ...where,
    ...until,
    ...Object.entries(format).flatMap(([name, value]) => ['--formatter-property', `${name}=${value}`]),
  ];
}

/** A record's line begins with its timestamp; complaints may stand between. */
const isRecord = (line: string) => /^(CreateTime|LogAppendTime|NoTimestampType):/.test(line);

/** Reads one line of the console consumer as it is set up here. */
export function parseConsoleRecord(line: string): ConsoleRecord {
  const [timestamp = '', partition = '', offset = '', headers = '', key = '', value = ''] = line.split(unit);
  return {
    partition: Number(partition.replace('Partition:', '')),
    offset: offset.replace('Offset:', ''),
    timestamp: Number(timestamp.slice(timestamp.indexOf(':') + 1)),
    key: unescape(key),
    value: unescape(value),
    headers: headers === 'NO_HEADERS' ? [] : headers.split(record).map(parseHeader),
  };
}

function parseHeader(header: string): { name: string; value: Buffer | null } {
  const end = header.indexOf(':');
  return { name: header.slice(0, end), value: unescape(header.slice(end + 1)) };
}

/** Kafka's `Bytes.toString`: printable ASCII but the backslash stands for itself, every other byte is `\xNN`. */
function unescape(text: string): Buffer | null {
  if (text === absentEscaped) return null;
  const bytes = text.match(/\\x[0-9A-F]{2}|[^\\]/g) ?? [];
  return Buffer.from(
    bytes.map((byte) => (byte.length === 1 ? byte.charCodeAt(0) : parseInt(byte.slice(2), 16))),
  );
}
