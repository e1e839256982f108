import type { IncomingWebhookSendArguments } from '@slack/webhook';
import type { DecodedEvent } from './decode-message.ts';
import { escapeMrkdwn, quotedAsCode } from './escape-mrkdwn.ts';
import { traceLink } from './trace-link.ts';

/** A message as Slack takes it: Block Kit, and `text` for notifications and clients without blocks. */
export type SlackText = Required<Pick<IncomingWebhookSendArguments, 'text' | 'blocks'>>;

/**
 * The Slack message of one event. Pure. Nothing that a user chose can ping anybody or look like markup.
 * `traceUrl`, if there is one, has `{traceId}` in it.
 */
export function slackText(event: DecodedEvent, { traceUrl }: { traceUrl?: string | undefined }): SlackText {
  const { title, facts, sentence } = event.kind.text(event.payment, event.amount);
  const trace = traceLink({ traceUrl, traceparent: event.traceparent });
  const small = [
    `Payment ${quotedAsCode(event.payment.paymentId)}`,
    slackDate(event.occurredAt),
    ...(trace ? [`<${escapeMrkdwn(trace)}|trace>`] : []),
  ];
  return {
    text: sentence,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title } },
      { type: 'section', fields: facts.map(([name, text]) => mrkdwn(`*${name}*\n${text}`)) },
      { type: 'context', elements: small.map(mrkdwn) },
    ],
  };
}

/** `verbatim`: without it Slack also looks for mentions such as `@channel` that need no `<…>`. */
const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text, verbatim: true });

/** Shown in the reader's time zone; the part after `|` is for clients that cannot. */
function slackDate(at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000);
  const fallback = at.toISOString().slice(0, 19).replace('T', ' ');
  return `<!date^${String(seconds)}^{date_short_pretty} {time_secs}|${fallback} UTC>`;
}
