import { IncomingWebhook, IncomingWebhookHTTPError } from '@slack/webhook';
import { readRetryAfter } from '@payments/runtime';
import { flatText } from './flat-text.ts';
import type { PostOutcome } from './slack-verdict.ts';
import type { SlackText } from '../text/blocks.ts';

/**
 * What webhooks take: Block Kit with its text, or one text that says it all. A webhook that starts a workflow takes flat texts, one
 * for each of its variables, and knows no blocks (https://docs.slack.dev/tools/slack-github-action/additional-configurations).
 */
export const slackFormats = ['blocks', 'text'] as const;

/** One of them. */
export type SlackFormat = (typeof slackFormats)[number];

/** Where to post, and the milliseconds after which an unanswered request is given up. */
export type PostOptions = { webhookUrl: string; timeoutMs: number; format?: SlackFormat };

/**
 * One request to Slack, never more: @slack/webhook retries nothing by default. Never throws: network errors and
 * timeouts make it `unanswered`, unless they come after a status line of success. The webhook's URL is a secret and is in
 * no reason.
 */
export async function postToSlack(
  message: SlackText,
  { webhookUrl, timeoutMs, format }: PostOptions,
): Promise<PostOutcome> {
  const seen: { answer?: Response; failure?: unknown } = {};
  const webhook = new IncomingWebhook(webhookUrl, {
    // @slack/webhook 8.0.2 has no timeout by default, and its HTTP error does not carry the answer's headers.
    timeout: timeoutMs,
    fetch: async (url, init) => {
      seen.answer = await fetch(url, init as RequestInit).catch((error: unknown) => {
        seen.failure = error;
        throw error;
      });
      return seen.answer;
    },
  });
  try {
    const { text: body } = await webhook.send(format === 'text' ? { text: flatText(message) } : message);
    return { kind: 'answered', status: 200, body };
  } catch (error) {
    // Slack has taken the message, although the body of its answer did not come.
    if (seen.answer?.ok) return { kind: 'answered', status: seen.answer.status, body: '' };
    if (!(error instanceof IncomingWebhookHTTPError))
      return { kind: 'unanswered', reason: reasonOf(seen.failure ?? error) };
    const { statusCode: status } = error;
    const body = withoutSecret(error.body, webhookUrl);
    const retryAfter = seen.answer?.headers.get('retry-after') ?? undefined;
    return { kind: 'answered', status, body, retryAfterMs: readRetryAfter(retryAfter) };
  }
}

/**
 * An endpoint may repeat what was asked for, as in "Cannot POST /hooks/x": the path, the query, or the last part of the path,
 * which are the secret. What it says comes into logs, `/readyz` and dead letters.
 */
function withoutSecret(text: string, webhookUrl: string): string {
  const { pathname, search } = new URL(webhookUrl);
  const secrets = [pathname + search, pathname, search, pathname.split('/').at(-1) ?? ''];
  return secrets
    .filter(({ length }) => length >= shortestSecret)
    .reduce((left, secret) => left.replaceAll(secret, '***'), text);
}

/** The fewest characters of a part of a URL that is taken for a secret: a shorter one may be any word. */
const shortestSecret = 8;

/** The innermost cause says what happened ("connect ECONNREFUSED …"); the outer ones only that it did. */
function reasonOf(error: unknown): string {
  const { cause, message, name } = (error ?? {}) as Partial<Error>;
  if (cause) return reasonOf(cause);
  return `no answer from Slack: ${message || name || String(error)}`;
}
