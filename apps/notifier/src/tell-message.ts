import { setTimeout as pause } from 'node:timers/promises';
import { SpanStatusCode } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import type { ConsumedMessage } from '@payments/kafka';
import { waitFor } from '@payments/runtime';
import type { Health, Log } from '@payments/runtime';
import { composeMessage } from './compose-message.ts';
import { inConsumerSpan } from './consumer-span.ts';
import { cutShort } from './cut-short.ts';
import type { Claim, Inbox } from './open-inbox.ts';
import type { Slack, SlackEnd } from './open-slack.ts';
import type { SlackText } from './slack-text.ts';
import type { Tally } from './tally.ts';

/**
 * What became of a message. All but `left` are dealt with: the offset may be committed. `left` is told by whoever is
 * given it next: this process stops, or the partition is no longer its own.
 */
export type Told = 'told' | 'repeatDropped' | 'setAside' | 'left';

/** What telling needs. */
export type TellOptions = {
  inbox: Inbox;
  slack: Slack;
  tally: Tally;
  health: Health;
  log: Log;
  traceUrl?: string | undefined;
  /** Ends every wait: no message is begun after it. */
  stop: AbortSignal;
  /** Ends also what must follow a post: its mark. Comes some time after `stop`. */
  grace: AbortSignal;
};

/** How often, in milliseconds, a message that another claimant has is looked at again. */
const takenPollMs = 250;

/**
 * The longest pause, in milliseconds, before a mark is tried again. PostgreSQL may have been away for longer than the
 * lease: once it is back, whoever has the partition by now claims the message, and the mark should come before its post.
 */
const markPauseMs = 250;

/**
 * The life of one message: compose, claim, post in its turn, mark. It waits for PostgreSQL and for Slack as long as it
 * takes, and rejects only for what nobody foresaw.
 */
export function tellMessage(message: ConsumedMessage, options: TellOptions): Promise<Told> {
  return inConsumerSpan(message, async (span) => {
    const until = AbortSignal.any([options.stop, message.revoked]);
    try {
      const told = until.aborted ? 'left' : await tell(message, span, { ...options, stop: until });
      options.tally.count(told);
      return told;
    } catch (error) {
      if (!until.aborted) throw error;
      options.tally.count('left');
      return 'left';
    }
  });
}

async function tell(message: ConsumedMessage, span: Span, options: TellOptions): Promise<Told> {
  const { inbox } = options;
  const composed = composeMessage(message, options);
  if (!composed.ok) return setAside(message, span, { ...options, reason: composed.reason });

  for (;;) {
    const claim = await claimed(composed.id, options);
    if (claim === 'told') return 'repeatDropped';
    if (claim.mayRepeat) countRepeat(message, options);
    const end = await post(composed.text, claim, options);
    switch (end.kind) {
      case 'told':
        await markTold(claim, options);
        return 'told';
      case 'refused':
        await onPostgres(() => inbox.markRefused(claim, end.reason), options.grace, options);
        return setAside(message, span, { ...options, reason: end.reason });
      case 'lost':
        break;
      default:
        end satisfies never;
    }
  }
}

/** Waits until the message is ours to tell, or was told by the claimant who had it. */
async function claimed(id: string, options: TellOptions): Promise<Claim | 'told'> {
  for (;;) {
    const claiming = await onPostgres(() => options.inbox.claim(id), options.stop, options);
    if (claiming.kind === 'told') return 'told';
    if (claiming.kind === 'claimed') return claiming.claim;
    await pause(Math.min(claiming.leaseMs + 1, takenPollMs), undefined, { signal: options.stop });
  }
}

/** Posts under the claim, which is given back when a stop ends it. */
async function post(text: SlackText, claim: Claim, options: TellOptions): Promise<SlackEnd> {
  const { inbox, slack, stop } = options;
  let mayBeTold = false;
  const posting = {
    mayPost: () => onPostgres(() => inbox.renew(claim), stop, options),
    onUnanswered: () => void (mayBeTold = true),
    stop,
  };
  try {
    return await slack.tell(text, posting);
  } catch (error) {
    await giveBack(claim, { ...options, mayBeTold });
    throw error;
  }
}

/** From Slack's answer to the end of this statement lies the window in which an end of the process repeats a post. */
async function markTold(claim: Claim, options: TellOptions): Promise<void> {
  try {
    await onPostgres(() => options.inbox.markTold(claim), options.grace, { ...options, maxMs: markPauseMs });
  } catch (error) {
    options.log.error(
      { id: claim.id },
      'in Slack, but not marked so before the end: it will be told once more',
    );
    throw error;
  }
}

/** A claim that ends untold is given back, as far as that can be done at once; its lease ends it otherwise. */
async function giveBack(
  claim: Claim,
  { inbox, log, mayBeTold }: TellOptions & { mayBeTold: boolean },
): Promise<void> {
  await inbox
    .release(claim, { mayBeTold })
    .catch((problem: unknown) => log.warn({ err: problem }, 'a claim was not given back'));
}

/** PostgreSQL may be away: waits for it, at most `maxMs` from try to try, with `/readyz` saying so, until `stop`. */
function onPostgres<T>(
  statement: () => Promise<T>,
  stop: AbortSignal,
  options: Pick<TellOptions, 'log' | 'health'> & { maxMs?: number },
): Promise<T> {
  return waitFor('postgres', statement, { ...options, stop });
}

/** What can never be told does not hold up the rest: it is logged with its place in the topic, where it stays. */
function setAside(
  { topic, partition, offset, headers }: ConsumedMessage,
  span: Span,
  { reason, log }: TellOptions & { reason: string },
): Told {
  log.error(
    { topic, partition, offset, id: cutShort(headers['ce_id'] ?? ''), reason },
    'a message that can never be told is set aside',
  );
  span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  return 'setAside';
}

function countRepeat(
  { topic, partition, offset, headers }: ConsumedMessage,
  { tally, log }: TellOptions,
): void {
  tally.count('mayRepeat');
  log.warn(
    { topic, partition, offset, id: headers['ce_id'] },
    'an earlier claimant may have told this message, and did not mark it; it is told again',
  );
}
