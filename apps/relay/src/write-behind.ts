import type { RelaySession } from '@payments/outbox';

/** What a round needs of a session. */
type Log = Pick<RelaySession, 'nextBatch' | 'acknowledge' | 'postpone'>;

/**
 * A session whose checkpoint is written while the next batch is sent, or a moment later with those of others. How far behind it may be
 * is bounded by the session: its next read goes after a checkpoint that is being written. What a lost session leaves comes again, and
 * each sender still goes without gaps from an acknowledged point. A checkpoint that fails ends the session, and the next call says so.
 *
 * What parks something is waited for, since it decides what of the next batch may be sent. So is the first one of a session: where none
 * can be written its round fails, and what is sent again is so after pauses that grow.
 */
export function writeBehind(session: Log): Log {
  let someWritten = false;
  return {
    nextBatch: () => session.nextBatch(),
    postpone: (batch) => session.postpone(batch),
    acknowledge: async (batch, refusals = []) => {
      const writing = session.acknowledge(batch, refusals);
      const parks = batch.followers + refusals.length > 0;
      if (batch.kind === 'LOG' && someWritten && !parks) {
        // The session tells whoever comes next.
        writing.catch(() => undefined);
        return;
      }
      await writing;
      someWritten = true;
    },
  };
}
