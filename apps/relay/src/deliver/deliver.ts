import { KafkaError } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import type { Batch, Refusal, RelayMessage } from '@payments/outbox';

import { nextStep } from './next-step.ts';
import { sorting } from './sorting.ts';
import type { Outgoing, Sorting } from './sorting.ts';
import type { Others, TroubledTopics } from './troubled-topics.ts';

/** What a delivery works with. */
export type DeliverOptions = {
  batch: Pick<Batch, 'kind' | 'messages'>;
  /** What a message is to Kafka; the same each time. */
  toEvent: (message: RelayMessage) => KafkaMessage;
  /** Sees to it that the topics are there, as far as that is the relay's business. */
  prepareTopics: (topics: readonly string[]) => Promise<void>;
  /** Sends all of them, or throws. */
  send: (messages: readonly KafkaMessage[]) => Promise<void>;
  createTopics: boolean;
  troubled: TroubledTopics;
};

/**
 * Brings the messages of a batch to Kafka, and returns those that it refuses for good, with what follows them of the same
 * (topic, key). One after the other: a part is settled before what is behind it is sent, so that no message is sent while an
 * earlier one of its key is neither acknowledged nor refused.
 * @throws KafkaError where nothing is wrong with the messages: the whole batch is to go again, before anything else
 */
export async function deliver(options: DeliverOptions): Promise<Refusal[]> {
  const { batch, toEvent, troubled } = options;
  const sorted = sorting();
  const took = new Set<string>();
  const delivery: Delivery = { ...options, sorted, took };
  await settle(
    delivery,
    batch.messages.map((message) => ({ message, event: toEvent(message) })),
  );
  troubled.took(took);
  decideOnSuspects(delivery);
  decideOnUnknown(delivery);
  return sorted.refusals();
}

/** A delivery under way. `took`: the topics that took messages. `unknown`: the first error that nobody knows. */
type Delivery = DeliverOptions & { sorted: Sorting; took: Set<string>; unknown?: KafkaError };

/** Sends `some`, in parts where they are refused together, until each is acknowledged, refused or held back. */
async function settle(delivery: Delivery, some: readonly Outgoing[], tries = 1): Promise<void> {
  const { batch, sorted, took, createTopics } = delivery;
  const open = sorted.takeOut(some);
  const topics = topicsOf(open);
  const error = await sendOnce(delivery, open, topics);
  if (!error) {
    for (const topic of topics) took.add(topic);
    return;
  }
  const released = batch.kind !== 'LOG';
  const step = nextStep(error, {
    messages: open.length,
    topics: topics.length,
    tries,
    released,
    createTopics,
  });
  const [first] = open;
  switch (step) {
    case 'retry':
      throw error;
    case 'part-topics':
      for (const topic of topics)
        await settle(
          delivery,
          open.filter(({ message }) => message.topic === topic),
        );
      return;
    case 'halve': {
      const half = Math.ceil(open.length / 2);
      await settle(delivery, open.slice(0, half));
      return settle(delivery, open.slice(half));
    }
    case 'again':
      return settle(delivery, open, tries + 1);
    case 'refuse-message':
      if (error.verdict === 'bisect') delivery.unknown ??= error;
      return first && sorted.refuse(first, error);
    case 'refuse-topic':
      return sorted.refuseTopic(first?.message.topic ?? '', error, open);
    case 'suspect-topic':
      return sorted.suspect(first?.message.topic ?? '', error, open);
  }
}

/** @returns the error of Kafka, if any; what else is thrown passes */
async function sendOnce(
  { prepareTopics, send }: Delivery,
  open: readonly Outgoing[],
  topics: readonly string[],
): Promise<KafkaError | undefined> {
  if (open.length === 0) return undefined;
  try {
    await prepareTopics(topics);
    await send(open.map(({ event }) => event));
    return undefined;
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
}

/** Parks the topics that are to blame; where one is not, yet, all of it is tried again. */
function decideOnSuspects({ batch, sorted, took, troubled }: Delivery): void {
  for (const { topic, error, held } of sorted.suspects()) {
    if (!troubled.isToBlame(topic, othersOf(topic, { batch, took }))) throw error;
    sorted.refuseTopic(topic, error, held);
  }
}

/**
 * An error that nobody knows may be that of one message, or Kafka's as a whole: where nothing else of the batch was taken, all of
 * it is tried again for a while. What was published or parked before holds up nobody.
 */
function decideOnUnknown({ batch, unknown, took, troubled }: Delivery): void {
  if (!unknown || took.size > 0 || batch.kind !== 'LOG') return;
  const topic = batch.messages[0]?.topic ?? '';
  if (!troubled.isToBlame(topic, othersOf(topic, { batch, took }))) throw unknown;
}

function othersOf(topic: string, { batch, took }: Pick<Delivery, 'batch' | 'took'>): Others {
  if ([...took].some((other) => other !== topic)) return 'took';
  return batch.messages.some((message) => message.topic !== topic) ? 'refused' : 'none';
}

const topicsOf = (some: readonly Outgoing[]): string[] => [
  ...new Set(some.map(({ message }) => message.topic)),
];
