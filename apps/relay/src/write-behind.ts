import type { RelaySession } from '@payments/outbox';

/** What a round needs of a session. */
type Log = Pick<RelaySession, 'nextBatch' | 'acknowledge' | 'postpone'>;

/**
 * A session whose checkpoint is written while the next batch is sent. It is one behind at most: what a lost session leaves is one
 * batch more that comes again, and each sender still goes without gaps from an acknowledged point. What parks
 * something is waited for, since it decides what of the next batch may be sent. A checkpoint that fails ends the session, and the
 * next call says so.
 */
export function writeBehind(session: Log): Log {
  let written: Promise<void> = Promise.resolve();
  return {
    nextBatch: () => session.nextBatch(),
    postpone: (batch) => session.postpone(batch),
    acknowledge: async (batch, refusals = []) => {
      await written;
      const writing = session.acknowledge(batch, refusals);
      // Whoever comes next gets the error; until then nobody listens.
      writing.catch(() => undefined);
      written = writing;
      if (batch.kind !== 'LOG' || batch.followers + refusals.length > 0) await writing;
    },
  };
}
