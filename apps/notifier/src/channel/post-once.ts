import { randomUUID } from 'node:crypto';
import { context } from '@opentelemetry/api';
import { cutShort } from '../event/cut-short.ts';
import { postResult } from '../slack/post-result.ts';
import { isUnknown, slackVerdict } from '../slack/slack-verdict.ts';
import { composeText } from '../text/compose-text.ts';
import type { SlackText } from '../text/blocks.ts';
import type { ChannelTools } from './channel-tools.ts';
import type { HoldBack } from './hold-back.ts';
import type { Batch } from './make-up-post.ts';
import { onPostgres } from './on-postgres.ts';
import { inPostSpan } from './post-span.ts';
import type { PostEnd } from './post-span.ts';
import type { Queue, Waiting } from './queue.ts';

/**
 * Makes the function that posts what was claimed, in the turn that was asked for at `askedMs` (by `performance.now()`): one
 * request to Slack, and what follows from its answer. Nothing is posted when so much time went by that the turn, or the
 * claims, may be another's by now. Rejects with the reason of `grace` when that comes before what was told is marked. All of it
 * is in the span of the post.
 */
export function postOnce(
  queue: Queue,
  { holdBack, late, clear }: HoldBack,
  options: ChannelTools,
): (batch: Batch, askedMs: number) => Promise<PostEnd> {
  const { inbox, stop, beginTimeoutMs, name, tally } = options;

  async function begin(batch: Batch, askedMs: number, id: string): Promise<SlackText | PostEnd> {
    const { waiting } = batch;
    const held = await onPostgres(() => inbox.beginPost(idsOf(waiting), id), stop, options);
    // Another claimant took some of it meanwhile: the next step makes up a post of what is left.
    const isOurs = held.size === waiting.length;
    const text = isOurs && composed(batch, options);
    if (text instanceof Error) return await refused(batch, text.message, queue, options);
    const isLate = performance.now() - askedMs > beginTimeoutMs;
    if (isLate) late();
    if (text && !isLate && !stop.aborted) return text;
    await notPosted(batch, options);
    return 'not_begun';
  }

  async function post(batch: Batch, askedMs: number): Promise<PostEnd> {
    const id = randomUUID();
    const text = await begin(batch, askedMs, id);
    if (typeof text === 'string') return text;
    countRepeats(batch, options);
    const outcome = await options.post(text);
    for (const one of batch.waiting) one.unanswered = isUnknown(outcome) ? id : batch.earlierPost?.id;
    const verdict = slackVerdict(outcome);
    const result = postResult(outcome, verdict);
    tally.posted(name, result);
    switch (verdict.kind) {
      case 'told':
        clear();
        await told(batch, queue, options);
        return result;
      case 'refused':
        clear();
        return await refused(batch, verdict.reason, queue, options);
      case 'later':
      case 'broken-webhook':
        if (!isUnknown(outcome)) await notPosted(batch, options);
        await holdBack(verdict);
        return result;
    }
  }

  return (batch, askedMs) => inPostSpan(batch.waiting, name, () => post(batch, askedMs));
}

const idsOf = (waiting: readonly Waiting[]) => waiting.map(({ event }) => event.id);

/** What nobody foresaw in one message is its own trouble: it must not end the process, which would meet it again. */
function composed({ waiting, earlierPost }: Batch, { text }: ChannelTools): SlackText | Error {
  try {
    const events = waiting.map(({ event }) => event);
    return composeText(events, { ...text, mayRepeat: earlierPost !== undefined });
  } catch (error) {
    return new Error(cutShort(`no text can be made of it: ${String(error)}`), { cause: error });
  }
}

/**
 * The longest pause, in milliseconds, before a mark is tried again. PostgreSQL may have been away for longer than the
 * lease: once it is back, whoever has the partition by now claims the message, and the mark should come before its post.
 */
const markPauseMs = 250;

/** From Slack's answer to the end of this statement lies the window in which an end of the process repeats a post. */
async function told({ waiting }: Batch, queue: Queue, options: ChannelTools): Promise<void> {
  const ids = idsOf(waiting);
  const { inbox, grace, log } = options;
  try {
    await onPostgres(() => inbox.markTold(ids), grace, { ...options, maxMs: markPauseMs });
  } catch (error) {
    log.error({ ids }, 'in Slack, but not marked so before the end: it will be told once more');
    throw error;
  }
  queue.remove(waiting);
  for (const { end } of waiting) end({ kind: 'told' });
  sayTold(waiting, options);
}

/** One line for each post. Of a digest's messages each has its span; the inbox knows them, too. */
function sayTold(waiting: readonly Waiting[], { name: channel, log }: ChannelTools): void {
  const [only] = waiting.length === 1 ? waiting : [];
  const { id, payment } = only?.event ?? {};
  const which = id && { id, paymentId: cutShort(payment?.paymentId ?? '') };
  log.info({ channel, messages: waiting.length, ...which }, 'told');
}

/**
 * Of one message it is clear which one Slack refused. Of several it is not: each goes into posts of half the size from now
 * on, until the one that is refused stands alone.
 */
async function refused(
  batch: Batch,
  reason: string,
  queue: Queue,
  options: ChannelTools,
): Promise<'refused'> {
  const { waiting } = batch;
  const [only] = waiting;
  if (!only || waiting.length > 1) {
    for (const one of waiting) one.atMost = Math.ceil(waiting.length / 2);
    await notPosted(batch, options);
    return 'refused';
  }
  await onPostgres(() => options.inbox.markRefused(only.event.id, reason), options.grace, options);
  queue.remove(waiting);
  only.end({ kind: 'refused', reason });
  return 'refused';
}

/** It is certain that nothing of it is in the channel: the next post may be made up otherwise. */
async function notPosted({ waiting, earlierPost }: Batch, options: ChannelTools): Promise<void> {
  const { inbox, grace } = options;
  await onPostgres(() => inbox.notPosted(idsOf(waiting), earlierPost), grace, options);
}

/**
 * Counts and logs what is told although an earlier post may have told it: that of another claimant only, since an unanswered
 * post of this process was logged when it failed. A line about one message, with the trace of that one, in a digest, too.
 */
function countRepeats({ waiting, earlierPost }: Batch, { name, tally, log }: ChannelTools): void {
  if (earlierPost === undefined) return;
  for (const { event, message, unanswered, context: ofMessage } of waiting) {
    if (earlierPost.id === unanswered) continue;
    tally.count('mayRepeat');
    const { topic, partition, offset } = message;
    const fields = { topic, partition, offset, id: event.id, channel: name };
    const text = 'an earlier claimant may have told this message, and did not mark it; it is told again';
    context.with(ofMessage, () => log.warn(fields, text));
  }
}
