import { metrics } from '@opentelemetry/api';
import type { ObservableResult } from '@opentelemetry/api';
import { openInbox } from '../inbox/open-inbox.ts';
import { openPace } from '../inbox/open-pace.ts';
import type { Pool } from '../inbox/open-pool.ts';
import type { Routing } from '../routes/routing.ts';
import { postToSlack } from '../slack/post-to-slack.ts';
import type { PaymentEvent } from '../event/decode-event.ts';
import type { ChannelTools } from './channel-tools.ts';
import { openChannel } from './open-channel.ts';
import type { Channel } from './open-channel.ts';
import type { DigestOptions } from './queue.ts';

/** What all channels have in common. Times in milliseconds. */
export type ChannelsOptions = Omit<ChannelTools, 'name' | 'inbox' | 'pace' | 'post'> & {
  routing: Routing;
  pool: Pool;
  digest: DigestOptions;
  slack: { minIntervalMs: number; burst: number; timeoutMs: number };
  leaseMs: number;
};

/** Opens every channel of the routing, and returns the function that finds those that an event is told in. */
export function openChannels(options: ChannelsOptions): (event: PaymentEvent) => Channel[] {
  const { routing, pool, slack, leaseMs, beginTimeoutMs, ...common } = options;
  const { minIntervalMs: intervalMs, burst, timeoutMs } = slack;
  const channels = new Map<string, ReturnType<typeof openChannel>>();
  for (const { name, webhookUrl, format } of routing.channels) {
    const inbox = openInbox({ pool, channel: name, leaseMs, beginTimeoutMs });
    const pace = openPace({ pool, channel: name, intervalMs, burst });
    const post: ChannelTools['post'] = (text) => postToSlack(text, { webhookUrl, timeoutMs, format });
    channels.set(name, openChannel({ ...common, name, inbox, pace, post, beginTimeoutMs }));
  }
  measureWaiting(channels, options.grace);
  return (event) => routing.channelsOf(event).flatMap((name) => channels.get(name) ?? []);
}

/** How many wait in each channel, until the end. */
function measureWaiting(channels: ReadonlyMap<string, { waiting: () => number }>, end: AbortSignal): void {
  const gauge = metrics
    .getMeter('@payments/notifier')
    .createObservableUpDownCounter('notifier.waiting_messages', {
      description: 'Messages that wait for their turn in a channel',
      unit: '{message}',
    });
  const observe = (result: ObservableResult) => {
    for (const [channel, { waiting }] of channels) result.observe(waiting(), { channel });
  };
  gauge.addCallback(observe);
  end.addEventListener('abort', () => gauge.removeCallback(observe), { once: true });
}
