import type { KafkaError } from '@payments/kafka';

/**
 * What to do about messages that were refused together:
 * - `retry`: nothing is wrong with them; the whole batch again, after a pause
 * - `part-topics`: each topic's by themselves, to find out which topic it is
 * - `halve`: the first half, then the second, to find out which message it is
 * - `again`: once more, at once
 * - `refuse-message`, `refuse-topic`: it is found
 * - `suspect-topic`: the topic, or Kafka as a whole: what becomes of the other topics will tell
 */
export type Step =
  'retry' | 'part-topics' | 'halve' | 'again' | 'refuse-message' | 'refuse-topic' | 'suspect-topic';

/** What was refused. */
export type Attempt = {
  messages: number;
  topics: number;
  /** How often the same ones were sent in a row. */
  tries: number;
  /** They were parked or published before: they hold up nobody, and nobody may wait for them. */
  released: boolean;
  /** A topic that Kafka lacks is created before the send. */
  createTopics: boolean;
};

/** How often a single message is tried that is refused with an error which nobody knows. */
export const triesOfUnknown = 3;

/** Refused by one topic's setting or by the loss of brokers: the same error says both. */
const tooFewReplicas: ReadonlySet<string> = new Set([
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
]);

/** Decides by the verdict of the error, and by how much was refused at once. */
export function nextStep(error: Pick<KafkaError, 'code' | 'verdict'>, attempt: Attempt): Step {
  if (tooFewReplicas.has(error.code)) {
    if (attempt.topics > 1) return 'part-topics';
    return attempt.released ? 'refuse-topic' : 'suspect-topic';
  }
  switch (error.verdict) {
    case 'retry':
      return 'retry';
    case 'park-topic':
      // It was there when the send was prepared, or is being made known to the brokers.
      if (error.code === 'UNKNOWN_TOPIC_OR_PARTITION' && attempt.createTopics) return 'retry';
      return attempt.topics > 1 ? 'part-topics' : 'refuse-topic';
    case 'park-message':
      return attempt.messages > 1 ? 'halve' : 'refuse-message';
    case 'bisect':
      if (attempt.messages > 1) return 'halve';
      return attempt.tries < triesOfUnknown ? 'again' : 'refuse-message';
  }
}
