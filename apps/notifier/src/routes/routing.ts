import type { PaymentEvent } from '../event/decode-event.ts';

/** A channel by the name that the inbox knows it by. The webhook's URL is a secret. */
export type ChannelAddress = { name: string; webhookUrl: string };

/** Which channels there are, and which of them an event is told in: one at least, by name. */
export type Routing = {
  channels: readonly ChannelAddress[];
  channelsOf(event: PaymentEvent): readonly string[];
};

/** The channel of `SLACK_WEBHOOK_URL`. */
export const defaultChannel = 'default';

/** Everything into the one channel. */
export const oneChannel = (webhookUrl: string): Routing => ({
  channels: [{ name: defaultChannel, webhookUrl }],
  channelsOf: () => [defaultChannel],
});
