import { perSecond, quantile, type Row } from '../panel.ts';

/** What goes into Kafka, and out of it. */
export const kafka: Row = {
  title: 'Kafka',
  panels: [
    {
      title: 'Sends to Kafka',
      description: 'Requests each second; those that failed, by their error, are sent again.',
      as: 'lines',
      unit: 'reqps',
      queries: [
        perSecond('messaging_client_operation_duration_seconds_count', [
          'messaging_operation_name',
          'error_type',
        ]),
      ],
    },
    {
      title: 'Duration of sends',
      description: 'Half of the sends, and all but one in a hundred, take no longer than this.',
      as: 'lines',
      unit: 's',
      queries: [
        quantile(0.5, 'messaging_client_operation_duration_seconds', ['messaging_operation_name']),
        quantile(0.99, 'messaging_client_operation_duration_seconds', ['messaging_operation_name']),
      ],
    },
    {
      title: 'Messages in and out',
      description: 'Handed to Kafka by the relays, repeats included, and taken from it by the notifiers.',
      as: 'lines',
      unit: 'ops',
      queries: [
        {
          ...perSecond('messaging_client_sent_messages_total', ['messaging_destination_name']),
          legend: '{{messaging_destination_name}} sent',
        },
        {
          ...perSecond('messaging_client_consumed_messages_total', ['messaging_destination_name']),
          legend: '{{messaging_destination_name}} consumed',
        },
      ],
    },
    {
      title: 'Consumer lag',
      description: 'Messages of each partition that the group has not committed.',
      as: 'lines',
      unit: 'short',
      queries: [
        {
          expr: 'max by (group, topic, partition) (kafka_consumer_group_lag)',
          legend: '{{group}} {{topic}} {{partition}}',
        },
      ],
    },
  ],
};
