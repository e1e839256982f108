/** How the commands of the notifier end. */
export const exitCodes = {
  done: 0,
  /** What was typed is wrong, nobody said yes, Kafka is not there, or it refused. */
  refused: 1,
  /** Some of it: Ctrl-C, or somebody else is at it. */
  inPart: 2,
} as const;
