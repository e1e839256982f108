import type { Log } from '@payments/runtime';
import { defer, finalize, from, timer } from 'rxjs';
import type { Observable, ObservableInput } from 'rxjs';

import type { Readiness } from './follow-readiness.ts';
import type { RoundOptions } from './publish-batch.ts';

/** How often, in milliseconds, a round that does not end is told of anew. */
const againMs = 5000;

/** What a round waits for. */
type Step = 'PostgreSQL to hand out a batch' | 'Kafka' | 'PostgreSQL to write the checkpoint';

/** Sees to it that a relay that is stuck says so. */
export type RoundWatch = {
  /** A round that is watched. */
  watched: <R>(round: () => ObservableInput<R>) => Observable<R>;
  /** What a round needs, so that it is known what it waits for. */
  steps: (options: RoundOptions) => RoundOptions;
};

/**
 * Watches rounds. One that has not ended after `boundMs` makes the relay unready, with the reason: whatever it waits for should
 * have answered or failed by then. It is ready again, or for the first time, when a round ends, however it ends: what
 * failed is said of PostgreSQL or Kafka.
 * @param options.boundMs how long a round may take, in milliseconds
 */
export function watchRounds(options: {
  boundMs: number;
  readiness: Readiness;
  log: Pick<Log, 'warn'>;
}): RoundWatch {
  const { boundMs, readiness, log } = options;
  let waitsFor: Step = 'PostgreSQL to hand out a batch';
  const tell = (repeats: number) => {
    const seconds = Math.round((boundMs + repeats * againMs) / 1000);
    readiness.notReady(
      'publishing',
      `a round that began ${seconds} s ago has not ended: it waits for ${waitsFor}`,
    );
    if (repeats === 0) log.warn({ seconds, waitsFor }, 'a round does not end');
  };
  const during =
    <A extends unknown[], R>(step: Step, work: (...args: A) => R) =>
    (...args: A): R => {
      waitsFor = step;
      return work(...args);
    };
  return {
    watched: (round) =>
      defer(() => {
        const late = timer(boundMs, againMs).subscribe(tell);
        return from(round()).pipe(
          finalize(() => {
            late.unsubscribe();
            readiness.ready('publishing');
          }),
        );
      }),
    steps: ({ log: session, deliver, idle, tell: tellRefusals }) => ({
      log: {
        nextBatch: during('PostgreSQL to hand out a batch', () => session.nextBatch()),
        acknowledge: during('PostgreSQL to write the checkpoint', (batch, refusals) =>
          session.acknowledge(batch, refusals),
        ),
        postpone: (batch) => session.postpone(batch),
      },
      deliver: during('Kafka', deliver),
      idle: during('Kafka', idle),
      tell: tellRefusals,
    }),
  };
}
