import { paymentEventPartitions, paymentEventTopic } from './payment-event.ts';

/** Where the notifier sets messages aside that it can never tell, byte for byte, with headers of its own behind theirs. */
export const deadLetterTopic = `${paymentEventTopic}.notifier.dlt`;

/** One partition: dead letters lie in the order in which they were set aside, and an offset is a number to people. */
export const deadLetterPartitions = 1;

/** What is published here is read by the notifier alone, beside `payment-event`: nobody else sees a payment once more. */
export const replayTopic = `${paymentEventTopic}.notifier.replay`;

/** As many as `payment-event` has: the messages of a key keep their order, and notifiers share the work. */
export const replayPartitions = paymentEventPartitions;

/**
 * The settings of both topics where they differ from the broker's own. A message that only just fitted into `payment-event`
 * (the broker's default is 1 MiB) has to fit in here with our headers: 8 MiB is what hosted Kafkas allow, too.
 */
export const replayTopicConfig = { 'max.message.bytes': String(8 * 1024 * 1024) } as const;

/** Somebody has to look at dead letters, mend what was wrong and replay them: there are 30 days for that. */
export const deadLetterTopicConfig = {
  ...replayTopicConfig,
  'retention.ms': String(30 * 24 * 3_600_000),
} as const;

/** The consumer group that keeps how far the dead letters of a group of notifiers are dealt with. */
export const deadLetterGroup = (groupId: string): string => `${groupId}.dead-letters`;

/** Where a message came from and why it was set aside. */
export type DeadLetterMark = {
  /** Why it can never be told, in words. */
  reason: string;
  /** The message's own place: that of the first time, if it was replayed and set aside again. */
  topic: string;
  partition: number;
  /** Decimal. */
  offset: string;
  /** The message's own timestamp, milliseconds since 1970. */
  timestamp: number;
  /** The consumer group of the notifier. */
  group: string;
  setAsideAt: Date;
};

/** A header of a Kafka record. A name may come several times. */
type Header = Readonly<{ key: string; value: Buffer | null }>;

/**
 * The names, in the order in which they are written. Their pattern is that of Kafka Connect's `__connect.errors.*` and Kafka
 * Streams' `__streams.errors.*`, and so are their values: text, which every tool shows.
 */
const names = {
  reason: '__notifier.errors.reason',
  topic: '__notifier.errors.topic',
  partition: '__notifier.errors.partition',
  offset: '__notifier.errors.offset',
  timestamp: '__notifier.errors.timestamp',
  group: '__notifier.errors.group',
  setAsideAt: '__notifier.errors.time',
} as const satisfies Record<keyof DeadLetterMark, string>;

const namesInOrder = Object.values(names);

/** A message's headers, untouched, and the mark's behind them. */
export function withDeadLetterMark(headers: readonly Header[], mark: DeadLetterMark): Header[] {
  const texts = { ...mark, setAsideAt: mark.setAsideAt.toISOString() };
  const own = Object.entries(names).map(([part, key]) => ({
    key,
    value: Buffer.from(String(texts[part as keyof DeadLetterMark])),
  }));
  return [...headers, ...own];
}

/**
 * Takes the mark off again: what is left are the message's own headers, though they may hold the same names. Undefined where
 * the last headers are not a mark.
 */
export function readDeadLetterMark(
  headers: readonly Header[],
): { mark: DeadLetterMark; headers: readonly Header[] } | undefined {
  const own = headers.slice(-namesInOrder.length);
  if (namesInOrder.some((name, index) => own[index]?.key !== name)) return undefined;
  const text = (name: string) => own.find(({ key }) => key === name)?.value?.toString() ?? '';
  const mark = {
    reason: text(names.reason),
    topic: text(names.topic),
    partition: Number(text(names.partition)),
    offset: text(names.offset),
    timestamp: Number(text(names.timestamp)),
    group: text(names.group),
    setAsideAt: new Date(text(names.setAsideAt)),
  };
  return { mark, headers: headers.slice(0, -namesInOrder.length) };
}
