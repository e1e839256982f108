import type { IncomingWebhookSendArguments } from '@slack/webhook';
import type { PaymentEvent } from '../event/decode-event.ts';
import { digestText } from './digest-text.ts';
import { singleText } from './single-text.ts';

/** A message as Slack takes it: Block Kit, and `text` for notifications and clients without blocks. */
export type SlackText = Required<Pick<IncomingWebhookSendArguments, 'text' | 'blocks'>>;

/** The languages that the channel can be told in. */
export type Locale = 'en' | 'ko';

/** How events are told. */
export type TextOptions = {
  locale: Locale;
  /** How many events of a digest get a line of their own; failures always do. */
  digestLines: number;
  /** Where a trace is seen, with `{traceId}` in it. */
  traceUrl?: string | undefined;
  /** A post of before may have told the same already: the message says so. */
  mayRepeat?: boolean;
};

/**
 * The Slack message of one event, or the digest of several, in their order. Pure. Nothing that a user chose can ping
 * anybody or look like markup, and no limit of Block Kit is ever crossed.
 */
export function composeText(events: readonly PaymentEvent[], options: TextOptions): SlackText {
  const [only] = events;
  return only && events.length === 1 ? singleText(only, options) : digestText(events, options);
}
