import type { RelayMessage } from './read-messages.ts';

/** The columns of a message, of the log or parked, as pg returns them. */
export interface StoredMessage extends Omit<RelayMessage, 'seq' | 'createdAt'> {
  seq: string;
  created_at: Date;
}

/** A stored message as the relay sends it. */
export const toRelayMessage = (row: StoredMessage): RelayMessage => ({
  lane: row.lane,
  seq: BigInt(row.seq),
  id: row.id,
  topic: row.topic,
  key: row.key,
  type: row.type,
  payload: row.payload,
  headers: row.headers,
  createdAt: row.created_at,
});
