import { createHash } from 'node:crypto';
import { deadLetterTopic, paymentEventTopic, readDeadLetterMark } from '@payments/contracts';
import { readWithKafkaConsole, type ConsoleRecord, type RunningKafka } from '@payments/servers';

/** What became of messages, as a client sees it that shares no line with ours: Kafka's own. */
export type Compared = {
  /** Origins of dead letters that differ from their message in any byte, or have none. */
  different: string[];
  /** Places of messages that are no dead letter and should be one. */
  missing: string[];
  /** Origins that came more than once. */
  repeated: string[];
  same: number;
};

/** Compares each dead letter with the message at its origin, and looks for those that are not there. */
export async function compareDeadLetters(
  kafka: RunningKafka,
  isGarbage: (record: ConsoleRecord) => boolean,
): Promise<Compared> {
  const wanted = new Map<string, string>();
  for (const record of await readAll(kafka, paymentEventTopic)) {
    if (isGarbage(record)) wanted.set(`${record.partition}/${record.offset}`, hashOf(record));
  }
  const seen = new Map<string, number>();
  const different: string[] = [];
  for (const record of await readAll(kafka, deadLetterTopic)) {
    const headers = record.headers.map(({ name: key, value }) => ({ key, value }));
    const read = readDeadLetterMark(headers);
    const origin = `${read?.mark.partition}/${read?.mark.offset}`;
    const own = (read?.headers ?? []).map(({ key: name, value }) => ({ name, value }));
    seen.set(origin, (seen.get(origin) ?? 0) + 1);
    if (wanted.get(origin) !== hashOf({ ...record, headers: own })) different.push(origin);
  }
  return {
    different,
    missing: [...wanted.keys()].filter((place) => !seen.has(place)),
    repeated: [...seen].filter(([, times]) => times > 1).map(([origin]) => origin),
    same: seen.size - different.length,
  };
}

async function readAll(kafka: RunningKafka, topic: string): Promise<ConsoleRecord[]> {
  const count = await kafka.recordsAppended(topic);
  return await readWithKafkaConsole({ brokers: kafka.brokers, topic, count });
}

/** Every part with its length before it, or with -1 for one that is not there. */
function hashOf({ key, value, headers }: Pick<ConsoleRecord, 'key' | 'value' | 'headers'>): string {
  const hash = createHash('sha256');
  const parts = [key, value, ...headers.flatMap((one) => [Buffer.from(one.name), one.value])];
  for (const part of parts) hash.update(`${part?.length ?? -1}:`).update(part ?? '');
  return hash.digest('hex');
}
