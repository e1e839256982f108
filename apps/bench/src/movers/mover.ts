import type { Messages } from '../load/messages.ts';

/** A system that brings messages to Kafka, in processes of its own that live through all rounds. */
export interface Mover extends AsyncDisposable {
  /** What it is called in tables. */
  name: string;
  /** The processes whose cost is its own; that of the database is counted apart. */
  pids: readonly number[];
  /** It has no database, and its memory is that of the messages it is given. */
  fromMemory?: boolean;
  /** The headers that each of its messages has; those of the contract when not given. */
  headers?: readonly string[];
  /** It promises less than we do: what it loses is counted and told, and does not end the run. */
  mayLose?: boolean;
  /** Takes messages in, and lets none of them out: written to its table, or made in its memory. */
  take: (messages: Messages) => Promise<void>;
  /** Lets out what it took. Returns at once. */
  letGo: () => Promise<void>;
  /** What it let out has arrived: from now on it does nothing that others would feel. */
  rest: () => Promise<void>;
}

/** Messages of a transaction, where many are written ahead. */
export const perTransaction = 1000;
