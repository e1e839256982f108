import type { Ground } from './ground/ground.ts';

/** What one run of the suite is to do. */
export interface Count {
  /** Everything small and once, to see that the suite works: its figures mean nothing. */
  quick: boolean;
  /** How often each system is measured; they take turns. */
  rounds: number;
  /** Whether Debezium Server and pg-transactional-outbox are measured as well. */
  peers: boolean;
}

/** What a scenario works with. */
export interface Bench extends Count {
  ground: Ground;
  /** Tells how far it is. */
  log: (line: string) => void;
  /** Aborted by Ctrl-C: what is under way is given up. */
  stop: AbortSignal;
}

/** One thing that is measured. It leaves nothing behind on the servers that another one would feel. */
export interface Scenario {
  name: string;
  /** One sentence, for `--help` and as the head of its section. */
  says: string;
  /** How much it writes to disk at most, in GB (but for `quick`): said before anything begins. A few when not given. */
  diskGb?: number;
  /** Measures, and checks what arrived. @throws Error where something is missing or out of order */
  run: (bench: Bench) => Promise<Outcome>;
}

/** What a scenario found out. */
export interface Outcome {
  figures: Figure[];
  targets: Target[];
  /** Sentences that a reader needs to judge the figures: counts, settings, what was left out and why. */
  notes: string[];
}

/** One figure of one system, a value for each round. */
export interface Figure {
  /** What was measured: `relay`, `kafkajs alone`, `Debezium Server`. */
  system: string;
  /** `messages/s`, `p99`, `memory`. */
  name: string;
  unit: string;
  values: number[];
}

/** A ratio of two figures, and what it should be. */
export interface Target {
  says: string;
  /** The ratio of each round, of what was measured side by side. */
  values: number[];
  /** Null: only to be told. */
  bound: { atLeast: number } | { atMost: number } | null;
}
