import type { Health, Log } from '@payments/runtime';
import type { Inbox } from '../inbox/open-inbox.ts';
import type { Pace } from '../inbox/open-pace.ts';
import type { PostOutcome } from '../slack/slack-verdict.ts';
import type { Tally } from '../tally.ts';
import type { SlackText } from '../text/blocks.ts';
import type { TextOptions } from '../text/text-options.ts';

/** What a channel needs. Times in milliseconds. */
export type ChannelTools = {
  /** Its name in the log, and in `/readyz` when something is wrong with it. */
  name: string;
  inbox: Inbox;
  pace: Pace;
  post: (text: SlackText) => Promise<PostOutcome>;
  /** Nothing is posted in a turn that is older than this: neither the pace nor the lease would hold. */
  beginTimeoutMs: number;
  text: Omit<TextOptions, 'mayRepeat'>;
  /** The pause after failures, from the first to the longest. */
  backoffMs?: { minMs: number; maxMs: number };
  /** The pause before a broken webhook is tried again. */
  brokenPauseMs?: number;
  tally: Pick<Tally, 'count' | 'posted'>;
  health: Pick<Health, 'ready' | 'notReady'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Ends every wait: nothing is posted after it. */
  stop: AbortSignal;
  /** Ends also what must follow a post: its mark. Comes some time after `stop`. */
  grace: AbortSignal;
};
