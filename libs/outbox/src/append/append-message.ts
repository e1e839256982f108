import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/core';
import { context, propagation } from '@opentelemetry/api';
import { OutboxError } from '../errors.ts';
import { OutboxMessage } from './outbox-message.ts';
import { outboxSubscriber } from './outbox-subscriber.ts';

/** A message to publish once the transaction that appends it has committed. */
export interface NewMessage {
  /** The Kafka topic. */
  topic: string;
  /**
   * Messages of one key are delivered in the order of their commits. Not null; the empty string is a key like others. At most
   * 1,024 bytes.
   */
  key: string;
  /** What happened, e.g. `payment.v1.PaymentCompleted`; becomes `ce_type`. */
  type: string;
  /** The body, as bytes. */
  payload: Uint8Array;
  /** Further headers. The current `traceparent` and `tracestate` are added unless they are given here. */
  headers?: Record<string, string>;
  /** The id by which readers drop repeats; a random UUID unless given. */
  id?: string;
}

/** The longest name of a topic in Kafka. */
const maxTopicLength = 249;
/** The longest key that the log takes, in bytes of UTF-8. */
const maxKeyBytes = 1024;

/** How many messages this process has appended. */
let appended = 0;

/**
 * Appends a message to the unit of work of `em` and returns its id. It is written by the outermost commit, after
 * everything else of the transaction, and only if that commits; a savepoint that rolls back takes its messages along.
 * @throws {OutboxError} MISUSE when `type` is no text, `topic` is empty, `topic` or `key` too long, or the subscriber is not registered.
 */
export function appendMessage(em: EntityManager, message: NewMessage): string {
  refuseUnfit(message);
  if (!em.getEventManager().getSubscribers().has(outboxSubscriber)) {
    throw new OutboxError(
      'MISUSE',
      'outboxSubscriber is not registered: add it to `subscribers` of the MikroORM config.',
    );
  }
  const id = message.id ?? randomUUID();
  const headers = { ...currentTrace(), ...message.headers };
  em.persist(
    em.create(
      OutboxMessage,
      { ...message, id, headers, payload: Buffer.from(message.payload), place: appended++ },
      { persist: false },
    ),
  );
  return id;
}

/** What the log refuses as well, at the commit: here the caller is still at the place of the mistake. */
function refuseUnfit({ topic, key, type }: NewMessage): void {
  // Who has no compiler: as a part of a statement it would be an empty text.
  if (typeof (type as unknown) !== 'string')
    throw new OutboxError('MISUSE', 'type is no text: name what happened, e.g. payment.v1.PaymentCompleted.');
  if (topic === '') throw new OutboxError('MISUSE', 'topic is empty: name the Kafka topic of the message.');
  if (topic.length > maxTopicLength)
    throw new OutboxError(
      'MISUSE',
      `topic has ${topic.length} characters: Kafka takes at most ${maxTopicLength}.`,
    );
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > maxKeyBytes) {
    throw new OutboxError(
      'MISUSE',
      `key has ${keyBytes} bytes: at most ${maxKeyBytes} can be kept in order. Take a shorter name of what the message is about, or a hash of it.`,
    );
  }
}

/** The trace in which the message is appended: W3C `traceparent` and `tracestate`, as far as there is one. */
function currentTrace(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  const { traceparent, tracestate } = carrier;
  return { ...(traceparent && { traceparent }), ...(tracestate && { tracestate }) };
}
