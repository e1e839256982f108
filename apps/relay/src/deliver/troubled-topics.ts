/**
 * What was refused with an error that may be Kafka's own trouble as well as that of a topic or a message: for too few replicas, or
 * for a reason that nobody knows. Over the rounds of a relay.
 */
export type TroubledTopics = {
  /** These took messages in this round. */
  took(topics: Iterable<string>): void;
  /**
   * This one was refused in this round. @returns whether it is to blame, and not Kafka as a whole: others took messages beside it,
   * and have done so for some rounds; or there were no others, for so long that what is behind it must not wait any more
   */
  isToBlame(topic: string, others: Others): boolean;
};

/** What became of the messages of other topics in the same round; `none`: there were no others. */
export type Others = 'took' | 'refused' | 'none';

/** How many rounds a topic has to be refused beside others that take messages, before it is parked. */
const roundsBefore = 3;
/** How long, in milliseconds, where there are no others to tell: a batch may be full of one topic. */
const aloneMs = 30_000;

/**
 * Nothing is known of any topic yet.
 * @param now milliseconds of a clock that only goes forward
 */
export function troubledTopics(now: () => number = () => performance.now()): TroubledTopics {
  const troubled = new Map<string, { rounds: number; since: number }>();
  return {
    took: (topics) => {
      for (const topic of topics) troubled.delete(topic);
    },
    isToBlame: (topic, others) => {
      const { rounds, since } = troubled.get(topic) ?? { rounds: 0, since: now() };
      const beside = rounds + (others === 'took' ? 1 : 0);
      const blamed = beside >= roundsBefore || (others === 'none' && now() - since >= aloneMs);
      if (blamed) troubled.delete(topic);
      else troubled.set(topic, { rounds: beside, since });
      return blamed;
    },
  };
}
