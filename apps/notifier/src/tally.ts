import { metrics } from '@opentelemetry/api';
import type { PostResult } from './slack/post-result.ts';

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

/** The counts of this process, for the log at its end; and for `/metrics`, where posts are counted, too. */
export type Tally = Readonly<Record<Counted, number>> & {
  count(what: Counted): void;
  /** A request to Slack came to this. */
  posted(channel: string, result: PostResult): void;
};

/** Begins at nought: a series that is there from the start shows its first increase, too. */
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
  const meter = metrics.getMeter('@payments/notifier');
  const notifications = meter.createCounter('notifier.notifications', {
    description: 'Messages by what became of them, and by what befell them',
    unit: '{message}',
  });
  const posts = meter.createCounter('notifier.posts', {
    description: 'Requests to Slack by what they came to',
    unit: '{post}',
  });
  for (const what of Object.keys(counts)) notifications.add(0, { outcome: snakeCase(what) });
  return Object.assign(counts, {
    count(what: Counted) {
      counts[what] += 1;
      notifications.add(1, { outcome: snakeCase(what) });
    },
    posted: (channel: string, result: PostResult) => posts.add(1, { channel, result }),
  });
}

/** `deadLettered` as metrics and spans have it: `dead_lettered`. */
export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
