import type { Messages } from '../load/messages.ts';

/** A system that brings messages to Kafka, in processes of its own that live through all rounds. It is at rest when it is opened. */
export interface Mover extends AsyncDisposable {
  /** What it is called in tables. */
  name: string;
  /** The processes whose cost is its own; that of the database is counted apart. */
  pids: readonly number[];
  /** It has no database, and its memory is that of the messages it was given. */
  fromMemory?: boolean;
  /** The headers that each of its messages has; those of the contract when not given. */
  headers?: readonly string[];
  /** It promises less than we do: what it loses is counted and told, and does not end the run. */
  mayLose?: boolean;
  /** As many messages as it can be given at a time, for one that is too slow for more. */
  atMost?: number;
  /** Takes messages in, and lets none of them out: written to its table, or made in its memory. */
  take: (messages: Messages) => Promise<void>;
  /** Lets out what it took. Returns at once. */
  letGo: () => Promise<void>;
  /** What it let out has arrived: from now on it does nothing that others would feel. */
  rest: () => Promise<void>;
}

/** One that reads a database, into which messages can be written one by one while it works. */
export interface DatabaseMover extends Mover {
  databaseUrl: string;
  /** Writes numbers from $2 on, $3 of them, with $4 keys, for topic $1: one statement, one transaction. */
  statement: string;
  /** Called after each commit, for one that can be told. */
  committed: () => void;
}

/** Messages of a transaction, where many are written ahead. */
export const perTransaction = 1000;
