import { perSecond, quantile, type Row } from '../panel.ts';

/** From Kafka to Slack. */
export const notifier: Row = {
  title: 'Notifier and Slack',
  panels: [
    {
      title: 'Notifications',
      description:
        'What became of messages each second: told, repeat_dropped, skipped, dead_lettered, left; and what befell them.',
      as: 'lines',
      unit: 'ops',
      queries: [perSecond('notifier_notifications_total', ['outcome'])],
    },
    {
      title: 'Posts to Slack',
      description:
        'Requests each second by how Slack answered: told; refused, a dead letter; limited, it asked to be left alone; the others are tried again.',
      as: 'lines',
      unit: 'reqps',
      queries: [perSecond('notifier_posts_total', ['channel', 'result'])],
    },
    {
      title: 'Waiting by channel',
      description: 'Slack takes one post a second in a channel; a digest holds many messages.',
      as: 'lines',
      unit: 'short',
      thresholds: { red: 100 },
      queries: [{ expr: 'sum by (channel) (notifier_waiting_messages)', legend: '{{channel}}' }],
    },
    {
      title: 'From Kafka to told',
      description: 'From taking a message to dealing with it, its wait for Slack included.',
      as: 'lines',
      unit: 's',
      queries: [
        quantile(0.5, 'messaging_process_duration_seconds', ['messaging_destination_name']),
        quantile(0.99, 'messaging_process_duration_seconds', ['messaging_destination_name']),
      ],
    },
  ],
};
