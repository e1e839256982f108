/** Writes payments, each in a transaction of its own. Disposing closes its connections. */
export interface Writer extends AsyncDisposable {
  /** @param connection which of the `connections` the caller has to itself; a writer with a pool of its own needs none */
  write: (connection: number) => Promise<void>;
}

/** How many connections every writer has. */
export const connections = 16;
