import { KafkaError } from '@payments/kafka';
import { OutboxError } from '@payments/outbox';
import type { Log } from '@payments/runtime';
import { backoff } from '@payments/runtime';
import { throwError, timer } from 'rxjs';
import type { Observable } from 'rxjs';

import type { Part, Readiness } from './follow-readiness.ts';

/** The pause before the next attempt; `failures` counts those since the last success. */
export type FailurePause = (error: unknown, failures: number) => Observable<unknown>;

/** The shortest full pause after a failure, in milliseconds. */
const minMs = 250;

/**
 * Pauses after failed attempts, growing with jitter up to `maxMs`. Each says why in one log line and in `/readyz`. An
 * error that time does not mend is passed on, and ends the relay.
 */
export function pauseAfterFailure(options: {
  log: Pick<Log, 'warn'>;
  readiness: Pick<Readiness, 'notReady'>;
  maxMs: number;
}): FailurePause {
  const { log, readiness, maxMs } = options;
  return (error, failures) => {
    const part = failedPart(error);
    if (!part) return throwError(() => error);
    const { code, message } = error as KafkaError | OutboxError;
    const pauseMs = backoff(failures, { minMs: Math.min(minMs, maxMs), maxMs });
    readiness.notReady(part, message);
    log.warn({ attempt: failures, pauseMs, code, reason: message }, `${part} failed, trying again`);
    return timer(pauseMs);
  };
}

/** Kafka is tried for ever, whatever its verdict: nothing is skipped. PostgreSQL as long as that may help. */
function failedPart(error: unknown): Part | undefined {
  if (error instanceof KafkaError) return 'kafka';
  if (error instanceof OutboxError && error.retriable) return 'postgres';
  return undefined;
}
