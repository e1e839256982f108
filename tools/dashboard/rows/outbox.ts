import { perSecond, quantile, type Row } from '../panel.ts';

/** From PostgreSQL to Kafka. */
export const outbox: Row = {
  title: 'Outbox and relays',
  panels: [
    {
      title: 'Lag over time',
      description: 'The age of the oldest message that waits.',
      as: 'lines',
      unit: 's',
      thresholds: { red: 60 },
      queries: [{ expr: 'max by (job) (outbox_lag_seconds)', legend: '{{job}}' }],
    },
    {
      title: 'Commit to acknowledgement',
      description:
        "From a message's append, the last statement of its transaction, to Kafka's acknowledgement. The dots are exemplars: each leads to a trace.",
      as: 'lines',
      unit: 's',
      thresholds: { red: 5 },
      queries: [
        quantile(0.5, 'outbox_commit_to_ack_seconds', ['topic']),
        { ...quantile(0.99, 'outbox_commit_to_ack_seconds', ['topic']), exemplars: true },
      ],
    },
    {
      title: 'Published messages',
      description: 'Acknowledged by Kafka each second.',
      as: 'lines',
      unit: 'ops',
      queries: [perSecond('outbox_published_messages_total', ['topic'])],
    },
    {
      title: 'Waiting and parked messages',
      description: 'What is committed and not published, and what Kafka refuses.',
      as: 'lines',
      unit: 'short',
      queries: [
        { expr: 'max by (job) (outbox_unpublished_messages)', legend: '{{job}} waiting' },
        { expr: 'max by (job) (outbox_parked_messages)', legend: '{{job}} parked' },
      ],
    },
    {
      title: 'Lanes by relay',
      description: 'Who owns how many of the 16.',
      as: 'lines',
      unit: 'short',
      max: 16,
      queries: [{ expr: 'sum by (instance) (outbox_lanes_owned)', legend: '{{instance}}' }],
    },
    {
      title: 'Oldest open transaction',
      description:
        'That has written: to the outbox, so that its messages wait for its end and the lag does not count them yet; or elsewhere, which holds the cleaning alone.',
      as: 'lines',
      unit: 's',
      thresholds: { red: 120 },
      queries: [
        {
          expr: 'max by (job) (outbox_oldest_transaction_seconds{appended="true"})',
          legend: '{{job}} holds messages',
        },
        {
          expr: 'max by (job) (outbox_oldest_transaction_seconds{appended="false"})',
          legend: '{{job}} holds the cleaning',
        },
      ],
    },
    {
      title: 'Overdue slots',
      description: 'Slots of the log that are older than the retention and could not be emptied for a day.',
      as: 'lines',
      unit: 'short',
      thresholds: { red: 1 },
      queries: [{ expr: 'max by (job) (outbox_overdue_slots)', legend: '{{job}}' }],
    },
  ],
};
