import type { KafkaLog, Producer } from '@payments/kafka';
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
  /** After so many milliseconds a round is said not to end: 90,000 when not given. */
  roundBoundMs?: number;
};
