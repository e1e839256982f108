import type { RelaySession } from '@payments/outbox';

/** What a round needs of a session. */
type Log = Pick<RelaySession, 'nextBatch' | 'acknowledge' | 'postpone'>;

/**
 * A session whose checkpoint is written while the next batch is sent, or a moment later with those of others. How far behind it may be
 * is the session's business: its reads and its checkpoints go in turn. What a lost session leaves comes again, and each sender still
 * goes without gaps from an acknowledged point. What parks something is waited for, since it decides what of the next batch may be
 * sent. A checkpoint that fails ends the session, and the next call says so.
 */
export function writeBehind(session: Log): Log {
  return {
    nextBatch: () => session.nextBatch(),
    postpone: (batch) => session.postpone(batch),
    acknowledge: async (batch, refusals = []) => {
      const writing = session.acknowledge(batch, refusals);
      if (batch.kind !== 'LOG' || batch.followers + refusals.length > 0) return writing;
      // The session tells whoever comes next.
      writing.catch(() => undefined);
    },
  };
}
