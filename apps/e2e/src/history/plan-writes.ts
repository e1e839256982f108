/** A key and what is said about it in one transaction. */
export interface WriteStep {
  key: string;
  topic: string;
  /** How many messages, all of the same version. */
  messages: number;
  /** Bytes by which the payload is longer. */
  padding: number;
  /** The step may stand in a savepoint, which may take it back. */
  savepoint: 'none' | 'released' | 'rolled back';
}

/** One transaction of a writer. */
export interface PlannedWrite {
  /** `message first`: appends before the key's version is raised, as a writer does that has no row to lock before. */
  kind: 'short' | 'long' | 'bulk' | 'message first';
  steps: readonly WriteStep[];
  /** How the messages are appended; `array`: all in one call. */
  form: 'call' | 'array' | 'insert';
  /** How long, in milliseconds, the transaction dawdles while it holds its keys. */
  holdMs: number;
  end: 'commit' | 'rollback';
}

/** The keys of a run: each set is written to in its own way, and the first ones of `bulk` by everybody. */
export const keySets = {
  common: names('key', 30),
  /** Those of long transactions; the others seldom touch them, or all would soon wait. */
  slow: names('slow', 3),
  /**
   * Always one in a transaction, and locked by its message before its row: mixed with the others it would deadlock. Few, so that
   * transactions meet: here nothing but the outbox's own lock keeps the order.
   */
  messageFirst: names('first', 2),
  bulk: names('bulk', 5000),
};

/** What a writer draws from. */
export interface WriterOptions {
  /** From 0 to below 1. */
  random: () => number;
  topics: readonly string[];
  /** Whether this writer now and then brings 5,000 keys in one call. */
  bulk: boolean;
}

/** The transactions of one writer, without end. */
export function* planWrites(options: WriterOptions): Generator<PlannedWrite, never> {
  for (let number = 0; ; number++) {
    if (options.bulk && number % 60 === 20) yield bulkWrite(options);
    else yield drawn(options);
  }
}

function drawn(options: WriterOptions): PlannedWrite {
  const { random } = options;
  const end = random() < 0.2 ? 'rollback' : 'commit';
  const kind = random();
  if (kind < 0.02) {
    const steps = [step(options, pick(random, keySets.slow))];
    return { kind: 'long', steps, form: 'call', holdMs: 1000 + random() * 2000, end };
  }
  if (kind < 0.3) {
    const steps = [{ ...step(options, pick(random, keySets.messageFirst)), savepoint: 'none' as const }];
    const form = random() < 0.5 ? 'call' : 'insert';
    return { kind: 'message first', steps, form, holdMs: random() * 80, end };
  }
  const holdMs = random() < 0.1 ? random() * 60 : random() * 6;
  const form = pick(random, ['call', 'array', 'insert'] as const);
  return { kind: 'short', steps: shortSteps(options), form, holdMs, end };
}

/** One to four different keys, seldom one of those that long or bulk transactions hold. */
function shortSteps(options: WriterOptions): WriteStep[] {
  const { random } = options;
  const keys = new Set<string>();
  for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
    const kind = random();
    if (kind < 0.005) keys.add(pick(random, keySets.slow));
    else if (kind < 0.1) keys.add(pick(random, keySets.bulk.slice(0, 20)));
    else keys.add(pick(random, keySets.common));
  }
  return [...keys].map((key) => step(options, key));
}

function step({ random, topics }: WriterOptions, key: string): WriteStep {
  const fate = random();
  return {
    key,
    topic: pick(random, topics),
    messages: 1 + Math.floor(random() * 3),
    // Large enough to be stored out of line, now and then.
    padding: random() < 0.03 ? 20_000 : 0,
    savepoint: fate < 0.15 ? 'rolled back' : fate < 0.4 ? 'released' : 'none',
  };
}

function bulkWrite({ random, topics }: WriterOptions): PlannedWrite {
  const topic = pick(random, topics);
  const steps = keySets.bulk.map((key) => ({
    key,
    topic,
    messages: 1,
    padding: 0,
    savepoint: 'none' as const,
  }));
  return { kind: 'bulk', steps, form: 'array', holdMs: 0, end: random() < 0.2 ? 'rollback' : 'commit' };
}

/** One of them, each as likely. */
export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${prefix}-${number}`);
}
