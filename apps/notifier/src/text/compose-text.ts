import type { PaymentEvent } from '../event/decode-event.ts';
import type { SlackText } from './blocks.ts';
import { digestText } from './digest-text.ts';
import { singleText } from './single-text.ts';
import type { TextOptions } from './text-options.ts';

/**
 * The Slack message of one event, or the digest of several, in their order. Pure. Nothing that a user chose can ping
 * anybody, nor become markup in a block, and no limit of Block Kit is ever crossed.
 */
export function composeText(events: readonly PaymentEvent[], options: TextOptions): SlackText {
  const [only] = events;
  return only && events.length === 1 ? singleText(only, options) : digestText(events, options);
}
