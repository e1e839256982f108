import type { KafkaLog, Producer } from '@payments/kafka';
import type { RelaySession } from '@payments/outbox';
import type { Log } from '@payments/runtime';

import type { RelayConfig } from './config.ts';
import type { Readiness } from './follow-readiness.ts';

/** What a relay works with. */
export type RelayParts = {
  config: RelayConfig;
  producer: Producer;
  readiness: Readiness;
  log: Pick<Log, 'info' | 'warn'>;
  kafkaLog: KafkaLog;
  stop: AbortSignal;
  /** Hears of each session on the log, when it is open. */
  onSession?: (session: RelaySession) => void;
  /** After so many milliseconds a round is said not to end: 90,000 when not given. */
  roundBoundMs?: number;
};
