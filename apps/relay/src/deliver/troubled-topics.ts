/** Topics that were refused for too few replicas, over the rounds of a relay. */
export type TroubledTopics = {
  /** These took messages in this round. */
  took(topics: Iterable<string>): void;
  /**
   * This one was refused in this round. @returns whether it is the topic and not Kafka as a whole: others took messages
   * beside it, and have done so for some rounds
   */
  isToBlame(topic: string, othersTook: boolean): boolean;
};

/** How many rounds a topic has to be refused beside others that take messages, before it is parked. */
const roundsBefore = 3;

/** Nothing is known of any topic yet. */
export function troubledTopics(): TroubledTopics {
  const rounds = new Map<string, number>();
  return {
    took: (topics) => {
      for (const topic of topics) rounds.delete(topic);
    },
    isToBlame: (topic, othersTook) => {
      if (!othersTook) return false;
      const count = (rounds.get(topic) ?? 0) + 1;
      rounds.set(topic, count);
      if (count >= roundsBefore) rounds.delete(topic);
      return count >= roundsBefore;
    },
  };
}
