import type { KafkaMessage } from '@payments/kafka';
import { cloudEventHeaders } from '@payments/kafka';
import type { RelayMessage } from '@payments/outbox';

/**
 * An outbox message as a CloudEvent for Kafka. Its writer's headers stay as they are (`ce_source`, `ce_subject`,
 * `content-type`, `traceparent`); what the writer left out gets a default, and what the log knows better (`ce_id`,
 * `ce_type`, `ce_time`) comes from there. The same row gives the same message each time.
 */
export function toKafkaMessage(message: RelayMessage): KafkaMessage {
  const { topic, key, payload, headers, id, type, createdAt } = message;
  const event = cloudEventHeaders({
    id,
    type,
    time: createdAt,
    source: headers['ce_source'] ?? '/outbox',
    subject: headers['ce_subject'] ?? key,
    dataContentType: headers['content-type'] ?? 'application/octet-stream',
  });
  return { topic, key, value: payload, headers: { ...headers, ...event } };
}
