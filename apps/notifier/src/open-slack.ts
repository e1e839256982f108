import { backoff } from '@payments/runtime';
import type { Health, Log } from '@payments/runtime';
import { openPace } from './pace.ts';
import { slackVerdict } from './slack-verdict.ts';
import type { PostOutcome, SlackVerdict } from './slack-verdict.ts';
import type { SlackText } from './slack-text.ts';

/** How a message ended: in Slack, refused for what it holds, or no longer ours to post. */
export type SlackEnd = { kind: 'told' } | { kind: 'refused'; reason: string } | { kind: 'lost' };

/** The one way to Slack, shared by all messages: what one learns (a limit, a broken webhook) holds for all. */
export type Slack = {
  /**
   * Posts in its turn and tries again for ever. Rejects with the reason of `stop` once that is aborted, between tries.
   */
  tell(text: SlackText, options: PostingOptions): Promise<SlackEnd>;
};

/** How one message is posted. */
export type PostingOptions = {
  /** Is asked right before each try; false ends it as `lost`. */
  mayPost: () => Promise<boolean>;
  /** Is told of each try that nobody answered: the message may be in Slack, whatever becomes of it after that. */
  onUnanswered: () => void;
  stop: AbortSignal;
};

/** Times in milliseconds. */
export type SlackOptions = {
  post: (text: SlackText) => Promise<PostOutcome>;
  /** At least this long from one post to the next. */
  minIntervalMs: number;
  /** The pause after failures, from the first to the longest. */
  backoffMs?: { minMs: number; maxMs: number };
  /** The pause before a broken webhook is tried again. */
  brokenPauseMs?: number;
  health: Pick<Health, 'ready' | 'notReady'>;
  log: Pick<Log, 'warn' | 'error'>;
};

/** Opens the way to Slack. Nothing is sent until the first message. */
export function openSlack(options: SlackOptions): Slack {
  const { post, health, log } = options;
  const pace = openPace({ intervalMs: options.minIntervalMs });
  let failures = 0;

  async function attempt(
    text: SlackText,
    { mayPost, onUnanswered }: PostingOptions,
  ): Promise<SlackVerdict | { kind: 'lost' }> {
    if (!(await mayPost())) return { kind: 'lost' };
    const outcome = await post(text);
    if (outcome.kind === 'unanswered') onUnanswered();
    const verdict = slackVerdict(outcome);
    if (verdict.kind === 'told' || verdict.kind === 'refused') {
      failures = 0;
      health.ready('slack');
    } else {
      failures += 1;
      holdBack(verdict);
    }
    return verdict;
  }

  function holdBack(verdict: Extract<SlackVerdict, { kind: 'later' | 'broken-webhook' }>) {
    const pauseMs = pauseAfter(verdict, { ...options, failures });
    pace.hold(pauseMs);
    const fields = { attempt: failures, pauseMs, reason: verdict.reason };
    if (verdict.kind === 'broken-webhook') {
      health.notReady('slack', `${verdict.reason}: the webhook must be mended`);
      log.error(fields, 'the Slack webhook does not work; nothing is lost, messages wait');
    } else {
      // A limit is no trouble: Slack says when to come back.
      if (verdict.retryAfterMs === undefined) health.notReady('slack', verdict.reason);
      log.warn(fields, 'Slack did not take a message; it is tried again');
    }
  }

  return {
    async tell(text, posting) {
      for (;;) {
        const verdict = await pace.turn(() => attempt(text, posting), posting.stop);
        switch (verdict.kind) {
          case 'told':
          case 'refused':
          case 'lost':
            return verdict;
          case 'later':
          case 'broken-webhook':
            break;
          default:
            verdict satisfies never;
        }
      }
    },
  };
}

/** How long nobody posts, in milliseconds. What Slack asked for is obeyed to the letter, with no jitter taken off. */
function pauseAfter(
  verdict: Extract<SlackVerdict, { kind: 'later' | 'broken-webhook' }>,
  {
    failures,
    backoffMs = { minMs: 1000, maxMs: 30_000 },
    brokenPauseMs = 30_000,
  }: { failures: number; backoffMs?: { minMs: number; maxMs: number }; brokenPauseMs?: number },
): number {
  if (verdict.kind === 'broken-webhook') return brokenPauseMs;
  return verdict.retryAfterMs ?? backoff(failures, backoffMs);
}
