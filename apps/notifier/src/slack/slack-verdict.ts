/** How one try to post ended. `unanswered`: the message may be in the channel although nobody said so. */
export type PostOutcome =
  | { kind: 'answered'; status: number; body: string; retryAfterMs?: number | undefined }
  | { kind: 'unanswered'; reason: string };

/**
 * What follows from it:
 * - `told`: Slack has it.
 * - `refused`: Slack will never take this message; the next one may pass.
 * - `later`: try again after the back-off, or after the time that Slack asked for. `limited`: we were too fast for it.
 * - `broken-webhook`: no message passes until somebody mends the webhook; try again slowly, lose nothing.
 */
export type SlackVerdict =
  | { kind: 'told' }
  | { kind: 'refused'; reason: string }
  | { kind: 'later'; reason: string; retryAfterMs?: number | undefined; limited?: true }
  | { kind: 'broken-webhook'; reason: string };

/**
 * The one table from an answer of Slack to what is done
 * (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). Only 400 and 413 are about the message
 * itself; any other refusal, also one that is not documented, is about the webhook: then nothing is lost by waiting. A
 * webhook that starts a workflow answers with JSON, which may say otherwise than the status.
 */
export function slackVerdict(outcome: PostOutcome): SlackVerdict {
  if (outcome.kind === 'unanswered') return { kind: 'later', reason: outcome.reason };
  const { status, retryAfterMs } = outcome;
  const reason = `Slack answered ${String(status)} ${wordOf(outcome.body)}`.trim();
  if (status >= 200 && status < 300)
    return refusal.test(outcome.body) ? { kind: 'broken-webhook', reason } : { kind: 'told' };
  if (status === 400 || status === 413) return { kind: 'refused', reason };
  if (status === 429) return { kind: 'later', reason, retryAfterMs, limited: true };
  if (status === 408 || status >= 500) return { kind: 'later', reason, retryAfterMs };
  return { kind: 'broken-webhook', reason };
}

/** Bad Gateway and Gateway Timeout: somebody in between did not hear what Slack made of the message. */
const ofAGateway: readonly number[] = [502, 504];

/** Whether nobody knows if the message is in the channel. */
export const isUnknown = (outcome: PostOutcome): boolean =>
  outcome.kind === 'unanswered' || ofAGateway.includes(outcome.status);

/**
 * What Slack says is a word, `invalid_blocks`, in JSON where a workflow answers. Anything else comes from somebody in between, who may
 * quote what was posted: the reason comes into logs, where amounts and people have no business.
 */
const wordOf = (body: string): string =>
  /^(?:\{\s*"ok"\s*:\s*false\s*,\s*"error"\s*:\s*")?([a-z_]{1,60})(?:"\s*\})?$/.exec(body.trim())?.[1] ?? '';

const refusal = /^\s*\{\s*"ok"\s*:\s*false\b/;
