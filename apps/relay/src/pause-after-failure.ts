import { KafkaError } from '@payments/kafka';
import { OutboxError } from '@payments/outbox';
import type { Health, Log } from '@payments/runtime';
import { backoff } from '@payments/runtime';
import { throwError, timer } from 'rxjs';
import type { Observable } from 'rxjs';

/** What the relay stands between: the parts of its health. */
export type Part = 'postgres' | 'kafka';

/** The shortest pause after a failure, in milliseconds. */
const minMs = 250;

/** What the loop does about a failed attempt, for each part that can fail it. */
export type FailurePauses = Record<Part, (error: unknown, failures: number) => Observable<unknown>>;

/**
 * The pauses after failed attempts, growing with jitter up to `maxMs`. Each says why in one log line and in `/readyz`. An
 * error that is not the part's, or that time does not mend, is passed on.
 */
export function pauseAfterFailure(options: {
  log: Pick<Log, 'warn'>;
  health: Pick<Health, 'notReady'>;
  maxMs: number;
}): FailurePauses {
  const pause = (part: Part, { error, failures }: { error: KafkaError | OutboxError; failures: number }) => {
    const pauseMs = backoff(failures, { minMs: Math.min(minMs, options.maxMs), maxMs: options.maxMs });
    options.health.notReady(part, error.message);
    options.log.warn(
      { attempt: failures, pauseMs, code: error.code, reason: error.message },
      `${part} failed, trying again`,
    );
    return timer(pauseMs);
  };
  return {
    // For ever, and whatever the verdict: nothing is skipped.
    kafka: (error, failures) =>
      error instanceof KafkaError ? pause('kafka', { error, failures }) : throwError(() => error),
    postgres: (error, failures) =>
      error instanceof OutboxError && error.retriable
        ? pause('postgres', { error, failures })
        : throwError(() => error),
  };
}
