import type { IncomingWebhookSendArguments } from '@slack/webhook';
import { cutShort } from '../event/cut-short.ts';

/** A message as Slack takes it: Block Kit, and `text` for notifications and clients without blocks. */
export type SlackText = Required<Pick<IncomingWebhookSendArguments, 'text' | 'blocks'>>;

type SlackBlock = SlackText['blocks'][number];

/** What a block holds at most, in characters (https://docs.slack.dev/reference/block-kit/blocks). */
export const blockLimits = { header: 150, section: 3_000, contextElement: 3_000 } as const;

/** A title: plain text, cut where it is too long. */
export function header(title: string): SlackBlock {
  return { type: 'header', text: { type: 'plain_text', text: cutShort(title, blockLimits.header) } };
}

/** A fact by its name, as Slack text. */
export type Fact = readonly [name: string, text: string];

/** Facts side by side, ten at most. */
export const facts = (all: readonly Fact[]): SlackBlock => ({
  type: 'section',
  fields: all.map(([name, text]) => mrkdwn(`*${name}*\n${text}`)),
});

/** Lines one below the other, all of them shown: Slack must not hide the last behind "See more". */
export const section = (lines: readonly string[]): SlackBlock => ({
  type: 'section',
  text: mrkdwn(lines.join('\n')),
  expand: true,
});

/** Small print, ten elements at most. */
export const context = (elements: readonly string[]): SlackBlock => ({
  type: 'context',
  elements: elements.map(mrkdwn),
});

/** `verbatim`: without it Slack also looks for mentions such as `@channel` that need no `<…>`. */
const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text, verbatim: true });
