import type { Bench } from '../scenario.ts';
import { openDebezium } from './debezium/debezium.ts';
import type { DatabaseMover } from './mover.ts';
import { openPeer } from './pg-transactional-outbox/pg-transactional-outbox.ts';

/** What the peers are called in tables. */
export const peerNames = {
  debezium: 'Debezium Server',
  replication: 'pg-transactional-outbox, replication',
  polling: 'pg-transactional-outbox, polling',
};

/**
 * Whom we are measured beside with `--peers`: nobody without.
 * @param pollMs how often Debezium looks for what the log brought
 */
export function peersOf(
  { ground, peers, log, stop }: Bench,
  { pollMs }: { pollMs: number },
): (() => Promise<DatabaseMover>)[] {
  if (!peers) return [];
  const { debezium, replication, polling } = peerNames;
  return [
    () => openDebezium(ground, { name: debezium, pollMs, log, stop }),
    () => openPeer(ground, { name: replication, listening: 'replication', log, stop }),
    () => openPeer(ground, { name: polling, listening: 'polling', log, stop }),
  ];
}

/** How rounds that warm up are counted: Debezium's JVM takes two. */
export const warmUpsOf = ({ quick, peers }: Bench): number => (quick ? 0 : peers ? 2 : 1);

/** What a reader has to know of the peers, or how to have them. */
export function peerNotes({ peers }: Bench): string[] {
  if (!peers) return ['Debezium Server and pg-transactional-outbox are measured with `--peers`.'];
  return [
    'The processor time of the database is that of all of its processes. For as long as a peer that reads the log is stopped, PostgreSQL reads on for it: 1 % of a core for each in the turns of the others, at 500 transactions a second.',
    'Debezium Server runs with a heap of 512 MB to 1 GB (`-Xms512m -Xmx1g`), which is part of its memory, and with the settings of `apps/bench/src/movers/debezium/settings.ts`.',
    'What a peer did not deliver within 20 s (drain) or 10 s (latency) of its last message counts as missing.',
    'Debezium Server names the message id `id` where the contract says `ce_id`; its other seven headers have our names and values, as JSON strings.',
  ];
}
