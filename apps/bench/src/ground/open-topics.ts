import type { Ground } from './ground.ts';

/** Makes topics, and deletes them all when it is disposed. */
export interface Topics extends AsyncDisposable {
  make: () => Promise<string>;
}

/**
 * Topics of a scenario. They stay until its end, since a producer of kafkajs asks for all of the topics that it ever sent to, and
 * fails once one of them is gone.
 */
export function openTopics({ kafka, topic }: Pick<Ground, 'kafka' | 'topic'>): Topics {
  const made: string[] = [];
  return {
    make: async () => {
      const name = await topic();
      made.push(name);
      return name;
    },
    [Symbol.asyncDispose]: async () => {
      for (const name of made) await kafka.deleteTopic(name);
    },
  };
}
