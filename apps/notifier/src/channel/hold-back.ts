import { backoff } from '@payments/runtime';
import { defaultChannel } from '../routes/routing.ts';
import type { SlackVerdict } from '../slack/slack-verdict.ts';
import type { ChannelTools } from './channel-tools.ts';
import { onPostgres } from './on-postgres.ts';

/** What did not get through, and may later. */
type NotNow = Extract<SlackVerdict, { kind: 'later' | 'broken-webhook' }>;

/** The longest that Slack's `Retry-After` is believed, in milliseconds: who asks for a month is asked again. */
const longestRetryAfterMs = 3_600_000;

/**
 * A longer wait, in milliseconds, than the pace asks for and than any pause of ours lasts: Slack asked for it. Whoever looks at
 * `/readyz` wants to know of it; of the seconds that Slack usually asks for, nobody does.
 */
const longWaitMs = 60_000;

/**
 * How a channel is left alone after a failure: as long as Slack asked for, to the letter and with no jitter taken off;
 * else longer from failure to failure, by all notifiers. `clear`: it works again.
 */
export type HoldBack = {
  holdBack: (verdict: NotNow) => Promise<void>;
  clear: () => void;
  /** The channel has no turn for so many milliseconds, whichever notifier or process it was that Slack said so to. */
  wait: (ms: number) => void;
  /** PostgreSQL answers, but so slowly that a turn is over before it can be used. */
  late: () => void;
  /** Nothing waits here any more: whether it works again is seen by whoever tells the next message. */
  idle: () => void;
};

/** Begins with no failures. */
export function openHoldBack(options: ChannelTools): HoldBack {
  const { name, pace, health, log, grace } = options;
  const part = name === defaultChannel ? 'slack' : `slack ${name}`;
  let failures = 0;
  return {
    clear: () => {
      failures = 0;
      health.ready(part);
    },
    wait: (ms) => {
      if (ms <= Math.max(longWaitMs, pace.intervalMs)) return;
      const until = new Date(Date.now() + ms).toISOString();
      health.notReady(part, `Slack asked to be left alone: nothing is told before ${until}`);
    },
    late: () => {
      const reason = 'PostgreSQL answers too slowly for a post: its turn was over';
      health.notReady(part, reason);
      log.warn({ channel: name, reason }, 'nothing was posted; it is tried again');
    },
    idle: () => health.ready(part),
    holdBack: async (verdict) => {
      failures += 1;
      const pauseMs = pauseAfter(verdict, { ...options, failures });
      const fields = { channel: name, attempt: failures, pauseMs, reason: verdict.reason };
      if (verdict.kind === 'broken-webhook') {
        health.notReady(part, `${verdict.reason}: the webhook must be mended`);
        log.error(fields, 'the Slack webhook does not work; nothing is lost, messages wait');
      } else {
        // A limit is no trouble: Slack says when to come back.
        if (!verdict.limited || verdict.retryAfterMs === undefined) health.notReady(part, verdict.reason);
        log.warn(fields, 'Slack did not take a message; it is tried again');
      }
      // After a stop, too: what Slack asked for binds the next notifier.
      await onPostgres(() => pace.hold(pauseMs), grace, options);
    },
  };
}

function pauseAfter(
  verdict: NotNow,
  {
    failures,
    backoffMs = { minMs: 1000, maxMs: 30_000 },
    brokenPauseMs = 30_000,
  }: Pick<ChannelTools, 'backoffMs' | 'brokenPauseMs'> & { failures: number },
): number {
  if (verdict.kind === 'broken-webhook') return brokenPauseMs;
  const { retryAfterMs } = verdict;
  // A time that is over already is no word about when to come back.
  return retryAfterMs ? Math.min(retryAfterMs, longestRetryAfterMs) : backoff(failures, backoffMs);
}
