import { metrics } from '@opentelemetry/api';

import type { Told } from './tell-message.ts';

/** What became of a message, or befell it; `mayRepeat`: told although an earlier claimant may have told it already. */
export type Counted = Told | 'mayRepeat';

/** The counts of this process, for the log at its end; the same counts are an OpenTelemetry counter. */
export type Tally = Readonly<Record<Counted, number>> & { count(what: Counted): void };

/** Begins at nought. */
export function openTally(): Tally {
  const counts = { told: 0, repeatDropped: 0, setAside: 0, left: 0, mayRepeat: 0 };
  const counter = metrics
    .getMeter('@payments/notifier')
    .createCounter('notifier.messages', { description: 'Messages taken up, by what became of them.' });
  return Object.assign(counts, {
    count(what: Counted) {
      counts[what] += 1;
      counter.add(1, { outcome: what });
    },
  });
}
