import { expect } from '@jest/globals';
import { eventually } from '@payments/testing';
import type pg from 'pg';

/** How many messages of the outbox are published, and how many wait for it. */
export async function countMessages(onlooker: pg.Client): Promise<{ published: number; waiting: number }> {
  const { rows } = await onlooker.query<{ published: number; waiting: number }>(
    `select count(*) filter (where status = 'PUBLISHED')::integer as published,
            count(*) filter (where status = 'INIT')::integer as waiting from outbox.message_status`,
  );
  return rows[0] ?? { published: 0, waiting: 0 };
}

/** Checkpoints that cannot be written. */
export interface HeldCheckpoints {
  /** Waits until a relay has one to write: the messages it stands for are in Kafka, and the outbox does not know. */
  one: () => Promise<void>;
  /** Ends the sessions that have one to write, which never gets there, and lets later ones be written. */
  drop: () => Promise<void>;
}

/** Holds the checkpoints of relays back from here on: whatever they publish now, they publish uncheckpointed. */
export async function holdCheckpoints(gate: pg.Client): Promise<HeldCheckpoints> {
  await gate.query('begin');
  await gate.query('lock table outbox.checkpoint in share mode');
  return {
    one: () =>
      eventually(async () => {
        const { rows } = await gate.query(
          `select 1 from pg_locks where relation = 'outbox.checkpoint'::regclass and mode = 'RowExclusiveLock' and not granted`,
        );
        expect(rows).toHaveLength(1);
      }),
    drop: async () => {
      // Each call waits for the end of its backend, which would write its checkpoint as soon as the lock is gone.
      await gate.query(
        `select pg_terminate_backend(pid, 30000) from pg_locks where pid <> pg_backend_pid() and not granted`,
      );
      await gate.query('rollback');
    },
  };
}
