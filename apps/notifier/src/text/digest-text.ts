import type { PaymentEvent } from '../event/decode-event.ts';
import type { SlackText, TextOptions } from './compose-text.ts';

/** Several events in one message. */
export function digestText(events: readonly PaymentEvent[], { digestLines }: TextOptions): SlackText {
  const text = events
    .slice(0, digestLines)
    .map(({ id }) => id)
    .join('\n');
  return { text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }] };
}
