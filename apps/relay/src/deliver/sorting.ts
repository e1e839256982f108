import { KafkaError } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import { orderOf, type Refusal, type RelayMessage } from '@payments/outbox';

/** A message of the log, and what it is to Kafka. */
export type Outgoing = { message: RelayMessage; event: KafkaMessage };

/** What is known of the messages of one batch while they are delivered. */
export type Sorting = {
  /** Takes out of `some` what must not be sent any more: what follows a refused message, or is of a refused topic. */
  takeOut(some: readonly Outgoing[]): Outgoing[];
  /** `one` can never be published: what is behind it of its (topic, key) follows it. */
  refuse(one: Outgoing, error: Reason): void;
  /** Nothing can be published to a topic: neither `some`, nor what is still to come. */
  refuseTopic(topic: string, error: Reason, some: readonly Outgoing[]): void;
  /** Nothing more is sent to a topic in this round. What becomes of it the end of the round tells. */
  suspect(topic: string, error: KafkaError, some: readonly Outgoing[]): void;
  /** The topics under suspicion, with their errors and what was held back. */
  suspects(): { topic: string; error: KafkaError; held: Outgoing[] }[];
  refusals(): Refusal[];
};

type Reason = Pick<KafkaError, 'code' | 'message'>;

/** Sorts the messages of one batch. */
export function sorting(): Sorting {
  const refusals: Refusal[] = [];
  const keys = new Map<string, Reason>();
  const topics = new Map<string, Reason>();
  const suspects = new Map<string, { topic: string; error: KafkaError; held: Outgoing[] }>();

  const add = (cause: Refusal['cause'], { message }: Outgoing, { code, message: error }: Reason) =>
    refusals.push({ message, cause, code, error });
  const refuse = (one: Outgoing, error: Reason) => {
    add('MESSAGE', one, error);
    keys.set(orderOf(one.message), error);
  };

  /** Whether this one may still be sent; what becomes of it is noted where not. */
  function isOpen(one: Outgoing): boolean {
    const { topic } = one.message;
    // As a rule nothing is refused, and the text of an order is made for nothing.
    const ahead = keys.size > 0 ? keys.get(orderOf(one.message)) : undefined;
    const barred = topics.get(topic);
    const held = suspects.get(topic)?.held;
    const invalid = ahead || barred || held ? undefined : whyInvalid(one.event);
    if (ahead) add('FOLLOWS', one, ahead);
    else if (barred) add('TOPIC', one, barred);
    else if (held) held.push(one);
    else if (invalid) refuse(one, invalid);
    return !ahead && !barred && !held && !invalid;
  }

  return {
    takeOut: (some) => some.filter(isOpen),
    refuse,
    refuseTopic: (topic, error, some) => {
      topics.set(topic, error);
      for (const one of some) add('TOPIC', one, error);
    },
    suspect: (topic, error, some) => void suspects.set(topic, { topic, error, held: [...some] }),
    suspects: () => [...suspects.values()],
    refusals: () => refusals,
  };
}

/**
 * What no broker takes, whatever its settings: `socket.request.max.bytes` is 100 MiB, and a broker that is sent more cuts
 * the connection without a word, which looks like a broker that is away.
 */
const largestBytes = 99 * 1024 * 1024;

const required = ['ce_source', 'ce_type'];

/** Why an event can never be published, known before it is sent. A CloudEvent needs its source and type. */
function whyInvalid({ value, headers }: KafkaMessage): Reason | undefined {
  if (value.byteLength > largestBytes) {
    return new KafkaError('MESSAGE_TOO_LARGE', `${value.byteLength} bytes are more than any broker takes`);
  }
  const empty = required.find((name) => !headers[name]);
  return empty === undefined ? undefined : new KafkaError('INVALID_CLOUD_EVENT', `its ${empty} is empty`);
}
