import type { PaymentEvent } from '../event/decode-event.ts';
import type { SlackFormat } from '../slack/post-to-slack.ts';
import { matches } from './route.ts';
import type { Route } from './route.ts';

/** A channel by the name that the inbox knows it by. The webhook's URL is a secret. */
export type ChannelAddress = { name: string; webhookUrl: string; format: SlackFormat };

/** Which channels there are, and which of them an event is told in: one at least, by name. */
export type Routing = {
  channels: readonly ChannelAddress[];
  channelsOf(event: PaymentEvent): readonly string[];
};

/** The channel of `SLACK_WEBHOOK_URL`. */
export const defaultChannel = 'default';

/**
 * An event is told in the channel of every route that it matches, once in each; in `default` where it matches none: so
 * nothing is told nowhere.
 */
export const routingBy = (options: {
  channels: readonly ChannelAddress[];
  routes: readonly Route[];
}): Routing => ({
  channels: options.channels,
  channelsOf(event) {
    const matching = options.routes.filter((route) => matches(route, event));
    const names = new Set(matching.map(({ channel }) => channel));
    return names.size > 0 ? [...names] : [defaultChannel];
  },
});
