/**
 * What became of a message. All but `left` are dealt with: the offset may be committed. `left` is told by whoever is
 * given it next: this process stops, or the partition is no longer its own.
 */
export type MessageEnd = 'told' | 'repeatDropped' | 'skipped' | 'deadLettered' | 'left';

/**
 * What became of a message, or befell it. `mayRepeat`: told although an earlier claimant may have told it already.
 * `deadLetterRefused`: one of those dead-lettered that Kafka refused as well.
 */
export type Counted = MessageEnd | 'mayRepeat' | 'deadLetterRefused';

/** The counts of this process, for the log at its end. */
export type Tally = Readonly<Record<Counted, number>> & { count(what: Counted): void };

/** Begins at nought. */
export function openTally(): Tally {
  const counts = {
    told: 0,
    repeatDropped: 0,
    skipped: 0,
    deadLettered: 0,
    left: 0,
    mayRepeat: 0,
    deadLetterRefused: 0,
  };
  return Object.assign(counts, {
    count(what: Counted) {
      counts[what] += 1;
    },
  });
}
