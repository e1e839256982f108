import pg from 'pg';
import type { LatencySystem } from '../measure/measure-latency.ts';
import type { Write } from '../measure/open-loop.ts';
import type { DatabaseMover } from './mover.ts';

/** Connections that write: so many that one slow commit does not hold up the next messages. */
const connections = 16;

/** A mover whose messages are written one a transaction while it works. A message counts as written when the reply to COMMIT is there. */
export function whileWritten(mover: DatabaseMover): LatencySystem {
  return {
    ...mover,
    begin: async ({ topic, keys }) => {
      await using opening = new AsyncDisposableStack();
      await mover.letGo();
      opening.defer(() => mover.rest());
      const writers: Write[] = [];
      for (let index = 0; index < connections; index++) {
        const client = new pg.Client({ connectionString: mover.databaseUrl });
        await client.connect();
        opening.defer(() => client.end());
        writers.push(async (number) => {
          await client.query({ name: 'write', text: mover.statement, values: [topic, number, 1, keys] });
          const at = performance.now();
          mover.committed();
          return at;
        });
      }
      const open = opening.move();
      return { writers, [Symbol.asyncDispose]: () => open.disposeAsync() };
    },
  };
}
