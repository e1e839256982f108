import type { PaymentEvent } from '../event/decode-event.ts';
import type { SlackText } from './blocks.ts';
import { digestText } from './digest-text.ts';
import { singleText } from './single-text.ts';
import type { Locale } from './words/languages.ts';

export type { SlackText } from './blocks.ts';

/** How events are told. */
export type TextOptions = {
  locale: Locale;
  /** How many events of a digest get a line of their own, 1 to 20; failures before others. */
  digestLines: number;
  /** Where a trace is seen, with `{traceId}` in it. */
  traceUrl?: string | undefined;
  /** A post of before may have told the same already: the message says so. */
  mayRepeat?: boolean;
};

/**
 * The Slack message of one event, or the digest of several, in their order. Pure. Nothing that a user chose can ping
 * anybody, nor become markup in a block, and no limit of Block Kit is ever crossed.
 */
export function composeText(events: readonly PaymentEvent[], options: TextOptions): SlackText {
  const [only] = events;
  return only && events.length === 1 ? singleText(only, options) : digestText(events, options);
}
