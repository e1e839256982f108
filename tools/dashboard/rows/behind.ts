import type { Row } from '../panel.ts';
import { services } from './instances.ts';

/** How far behind are we: what a person asks first. The thresholds are those of the alerts. */
export const behind: Row = {
  title: 'How far behind are we',
  panels: [
    {
      title: 'Outbox lag',
      description:
        'How long ago the oldest message that is committed and not published was appended. A long transaction is not counted while it is open; at its commit this jumps to its age.',
      as: 'number',
      unit: 's',
      thresholds: { yellow: 10, red: 60 },
      queries: [{ expr: 'max by (job) (outbox_lag_seconds)', legend: '{{job}}' }],
    },
    {
      title: 'Messages waiting for Kafka',
      description:
        'Committed and not published: counted up to 2,000 a lane, beyond that estimated from how densely they are numbered.',
      as: 'number',
      unit: 'short',
      thresholds: { yellow: 1_000, red: 100_000 },
      queries: [{ expr: 'max by (job) (outbox_unpublished_messages)', legend: '{{job}}' }],
    },
    {
      title: 'Messages parked',
      description: 'Refused by Kafka, with what waits behind them. `npm run outbox -- parked` says why.',
      as: 'number',
      unit: 'short',
      thresholds: { red: 1 },
      queries: [{ expr: 'max by (job) (outbox_parked_messages)', legend: '{{job}}' }],
    },
    {
      title: 'Lanes with a relay',
      description: 'All relays together own 16. The messages of a lane without a relay wait.',
      as: 'number',
      unit: 'short',
      thresholds: { red: 16, lessIsWorse: true },
      queries: [{ expr: 'sum by (job) (outbox_lanes_owned)', legend: '{{job}}' }],
    },
    {
      title: 'Behind in Kafka',
      description: 'Messages that the group of the notifiers has not dealt with.',
      as: 'number',
      unit: 'short',
      thresholds: { yellow: 100, red: 500 },
      queries: [
        {
          expr: 'sum by (group) (max by (group, topic, partition) (kafka_consumer_group_lag))',
          legend: '{{group}}',
        },
      ],
    },
    {
      title: 'Waiting for Slack',
      description: 'Messages that wait for their turn in a channel.',
      as: 'number',
      unit: 'short',
      thresholds: { yellow: 20, red: 100 },
      queries: [{ expr: 'sum by (channel) (notifier_waiting_messages)', legend: '{{channel}}' }],
    },
    {
      title: 'Oldest undecided charge',
      description:
        'Of charges and refunds of which the gateway has not said what became. At 23 hours a person has to find out.',
      as: 'number',
      unit: 's',
      thresholds: { yellow: 900, red: 72_000 },
      queries: [{ expr: 'max by (job) (payment_oldest_unsettled_task_seconds)', legend: '{{job}}' }],
    },
    {
      title: 'Parts that are not ready',
      description: 'Of how many parts /readyz says why they do not work.',
      as: 'number',
      unit: 'short',
      thresholds: { red: 1 },
      queries: [{ expr: `sum by (job) (1 - health_ready{${services}})`, legend: '{{job}}' }],
    },
  ],
};
