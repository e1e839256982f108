import type { TopicSpec } from '@payments/kafka';

/** Creates topics that Kafka lacks, and remembers which ones it has. */
export type MissingTopics = {
  prepare: (topics: readonly string[]) => Promise<void>;
  /** A send failed, perhaps since a topic was deleted: ask again. */
  forget: () => void;
};

/**
 * Creates what a message names and Kafka lacks. Kafka is asked once for each topic.
 * @param options.partitions of a topic that is created
 * @param options.ensure creates topics that are not there
 */
export function missingTopics(options: {
  partitions: number;
  ensure: (topics: readonly TopicSpec[]) => Promise<void>;
}): MissingTopics {
  const known = new Set<string>();
  return {
    prepare: async (topics) => {
      const unknown = topics.filter((topic) => !known.has(topic));
      if (unknown.length === 0) return;
      await options.ensure(unknown.map((topic) => ({ topic, partitions: options.partitions })));
      for (const topic of unknown) known.add(topic);
    },
    forget: () => known.clear(),
  };
}

/** Creates nothing: a message to a topic that Kafka lacks is refused. */
export const noTopics: MissingTopics = { prepare: () => Promise.resolve(), forget: () => undefined };
