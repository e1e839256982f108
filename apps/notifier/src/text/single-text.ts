import { formatMoney } from '@payments/contracts';
import type { Payment } from '@payments/contracts';
import type { PaymentEvent } from '../event/decode-event.ts';
import type { Outcome } from '../event/outcome.ts';
import { completedText } from './completed-text.ts';
import type { SlackText, TextOptions } from './compose-text.ts';
import { escapeMrkdwn, quotedAsCode } from './escape-mrkdwn.ts';
import { failedText } from './failed-text.ts';
import { refundedText } from './refunded-text.ts';
import { traceLink } from './trace-link.ts';

/** What one kind of event says: `title` at a glance, `facts` as name and Slack text, `sentence` where no blocks are shown. */
export type PaymentText = { title: string; facts: [name: string, text: string][]; sentence: string };

const texts: Record<Outcome, (payment: Payment, amount: string) => PaymentText> = {
  COMPLETED: completedText,
  FAILED: failedText,
  REFUNDED: refundedText,
};

/** The Slack message of one event. */
export function singleText(event: PaymentEvent, { traceUrl }: TextOptions): SlackText {
  const { title, facts, sentence } = texts[event.outcome](event.payment, formatMoney(event.amount));
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
