import { ensureTopics, KafkaError, messages$, readCloudEvent } from '@payments/kafka';
import type { ConsumedMessage } from '@payments/kafka';
import { paymentEventPartitions, paymentEventTopic } from '@payments/contracts';
import { filter, lastValueFrom, retry, tap, throwError, timer } from 'rxjs';

import { inTime } from './station.ts';

/**
 * Reads the topic of payments from where it was read up to at the last start, until a message of the key comes. Begun
 * before the order is placed: joining a group takes its time, and meanwhile the services start.
 */
export async function watchTopic(options: {
  brokers: string[];
  key: string;
  stop: AbortSignal;
}): Promise<ConsumedMessage> {
  const kafka = { brokers: options.brokers, clientId: 'local-start' };
  await ensureTopics({ kafka, topics: [{ topic: paymentEventTopic, partitions: paymentEventPartitions }] });
  const found = new AbortController();
  const signal = AbortSignal.any([options.stop, found.signal]);
  const messages = messages$({ kafka, groupId: 'local-start', topics: [paymentEventTopic], signal }).pipe(
    retry({ delay: whileStarting }),
    tap((message) => message.ack()),
    filter(({ key }) => key === options.key),
    tap(() => found.abort()),
  );
  return lastValueFrom(messages);
}

/** A new Kafka makes its topic of offsets when the first group comes, and has no coordinator until then. */
function whileStarting(error: unknown) {
  return error instanceof KafkaError && error.retriable ? timer(250) : throwError(() => error);
}

/** Waits for the message with this id. @throws StackError when it does not come in time */
export async function seeKafkaMessage(
  watched: Promise<ConsumedMessage>,
  { id, stop }: { id: string; stop: AbortSignal },
): Promise<ConsumedMessage> {
  const message = await inTime(`the message in ${paymentEventTopic}`, stop, watched);
  const event = readCloudEvent(message.headers);
  if (event.id !== id) throw new Error(`the message of this key has ce_id ${event.id}, not ${id}`);
  return message;
}
