/** A message of a transaction that committed, as the database tells. */
export interface Committed {
  id: string;
  topic: string;
  key: string;
  /** The order of the key's commits. */
  version: number;
  /** The order of the messages with the same version. */
  part: number;
  /** The message's payload, as text. */
  value: string;
}

/** A record in Kafka. */
export interface Delivered {
  id: string;
  topic: string;
  partition: number;
  key: string;
  value: string;
  /** Its headers, as text. */
  headers: string;
}

/**
 * How a promise can be broken:
 *   lost       a committed message is in no log
 *   ghost      a record is of no committed message
 *   reversed   the first delivery of a message came before that of a message its key committed earlier
 *   changed    a record says something else than its message, or than its first delivery
 *   scattered  a key lies in two partitions of a topic, between which there is no order
 */
export type Broken = 'lost' | 'ghost' | 'reversed' | 'changed' | 'scattered';

/** A broken promise, with the message and what is known of it. */
export interface Violation {
  broken: Broken;
  id: string;
  topic: string;
  key: string;
  says: string;
}

/**
 * Holds what arrived against what was committed. `delivered` are the records of all topics, each partition's in the order of
 * its offsets. Repeats are allowed where they are the same to the byte. Empty when every promise holds.
 */
export function checkHistory(committed: readonly Committed[], delivered: readonly Delivered[]): Violation[] {
  const messages = new Map(committed.map((message) => [message.id, message]));
  const first = new Map<string, Delivered>();
  const violations: Violation[] = [];
  const latest = new Map<string, Committed>();
  const partitions = new Map<string, number>();

  for (const record of delivered) {
    const report = (broken: Broken, says: string) => violations.push(violation(broken, record, says));
    const message = messages.get(record.id);
    if (!message) {
      report('ghost', 'no transaction that committed appended it');
      continue;
    }
    const stream = `${record.topic}\n${record.key}`;
    const partition = partitions.get(stream) ?? record.partition;
    if (partition !== record.partition) report('scattered', `in ${partition} and ${record.partition}`);
    partitions.set(stream, partition);

    const difference = differs(record, first.get(record.id) ?? message);
    if (difference) report('changed', `another ${difference} than before`);
    if (first.has(record.id)) continue;
    first.set(record.id, record);
    const before = latest.get(stream);
    if (before && isLater(before, message)) report('reversed', `${place(message)} behind ${place(before)}`);
    else latest.set(stream, message);
  }
  const lost = committed.filter(({ id }) => !first.has(id));
  return [
    ...violations,
    ...lost.map((message) => violation('lost', message, `${place(message)} never came`)),
  ];
}

/** The first thing in which a record differs from its message, or from its first delivery, which has headers too. */
function differs(record: Delivered, from: Committed | Delivered): string | undefined {
  if (record.topic !== from.topic) return 'topic';
  if (record.key !== from.key) return 'key';
  if (record.value !== from.value) return 'value';
  if ('headers' in from && record.headers !== from.headers) return 'headers';
  return undefined;
}

const isLater = (one: Committed, other: Committed): boolean =>
  one.version === other.version ? one.part > other.part : one.version > other.version;

const place = ({ version, part }: Committed): string => `version ${version}, part ${part}`;

function violation(broken: Broken, { id, topic, key }: Committed | Delivered, says: string): Violation {
  return { broken, id, topic, key, says };
}
