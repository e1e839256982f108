import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import { failSpan, inSpan } from '@payments/runtime';
import { sampledIn } from '../sampled-in.ts';
import type { PostResult } from '../slack/post-result.ts';
import type { Waiting } from './queue.ts';

/**
 * To how many digests the span of a message links: while Slack is away it is tried for days, and a collector takes no span of any
 * size. All of them link to it.
 */
const mostLinks = 64;
const links = new WeakMap<Span, number>();

/** What a post came to. `not_begun`: nothing was asked of Slack; somebody else may. */
export type PostEnd = PostResult | 'not_begun';

type Told = readonly Pick<Waiting, 'context'>[];

/**
 * Runs `work`, a post with what precedes and follows it, inside a span: of one message below the span that it is processed
 * in; of several, which belong to as many traces, as a root of its own, `post digest`, that links to their spans as they link to
 * it. The request and the statements of the inbox are spans below it. Messages whose trace is not kept make none.
 */
export async function inPostSpan(
  waiting: Told,
  channel: string,
  work: () => Promise<PostEnd>,
): Promise<PostEnd> {
  const inItsSpan = (span: Span, parent: Context) =>
    inSpan(span, parent, async () => sayHow(span, await work()));
  const [only] = waiting;
  if (only && waiting.length === 1) {
    if (!sampledIn(only.context)) return await context.with(only.context, work);
    return await inItsSpan(startSingle(only.context, channel), only.context);
  }
  const sampled = waiting.filter((one) => sampledIn(one.context));
  if (sampled.length === 0) return await context.with(ROOT_CONTEXT, work);
  return await inItsSpan(startDigest(sampled, { channel, count: waiting.length }), ROOT_CONTEXT);
}

function sayHow(span: Span, result: PostEnd): PostEnd {
  span.setAttribute('notifier.result', result);
  if (result !== 'told' && result !== 'not_begun') failSpan(span, result);
  return result;
}

/** A span links to those that were there before it; the other way, each learns of it now. */
function startDigest(sampled: Told, { channel, count }: { channel: string; count: number }): Span {
  const links = sampled.flatMap((one) => sampledIn(one.context) ?? []).map((linked) => ({ context: linked }));
  const attributes = { 'notifier.channel': channel, 'messaging.batch.message_count': count };
  const digest = tracer().startSpan(
    'post digest',
    { kind: SpanKind.INTERNAL, attributes, links },
    ROOT_CONTEXT,
  );
  for (const one of sampled) linkTo(digest, trace.getSpan(one.context));
  return digest;
}

function linkTo(digest: Span, message: Span | undefined): void {
  if (!message) return;
  const before = links.get(message) ?? 0;
  if (before >= mostLinks) return;
  message.addLink({ context: digest.spanContext() });
  links.set(message, before + 1);
}

const startSingle = (parent: Context, channel: string): Span =>
  tracer().startSpan(
    'post message',
    { kind: SpanKind.INTERNAL, attributes: { 'notifier.channel': channel } },
    parent,
  );

const tracer = () => trace.getTracer('@payments/notifier');
