import { perSecond, quantile, type Row } from '../panel.ts';
import { chosen } from './instances.ts';

/** What the payment service does, and what it waits for. */
export const payments: Row = {
  title: 'Payments',
  panels: [
    {
      title: 'Payments by outcome',
      description: 'Payments that came to a state each second; failed ones with their reason.',
      as: 'lines',
      unit: 'ops',
      queries: [perSecond('payment_outcomes_total', ['outcome', 'reason'])],
    },
    {
      title: 'Calls by status',
      description: 'Calls answered each second, refused ones included.',
      as: 'lines',
      unit: 'reqps',
      queries: [perSecond('rpc_server_call_duration_seconds_count', ['rpc_status_code'])],
    },
    {
      title: 'Duration of calls',
      description: 'Half of the calls, and all but one in a hundred, take no longer than this.',
      as: 'lines',
      unit: 's',
      thresholds: { red: 2.5 },
      queries: [
        quantile(0.5, 'rpc_server_call_duration_seconds', ['rpc_method']),
        quantile(0.99, 'rpc_server_call_duration_seconds', ['rpc_method']),
      ],
    },
    {
      title: 'Calls in progress',
      description: 'Of each instance; GRPC_MAX_CONCURRENCY (64) bounds them.',
      as: 'lines',
      unit: 'short',
      queries: [{ expr: 'sum by (instance) (payment_calls_in_progress)', legend: '{{instance}}' }],
    },
    {
      title: 'Undecided charges and refunds',
      description: 'Of which the gateway has not said yet what became of them.',
      as: 'lines',
      unit: 'short',
      queries: [{ expr: 'max by (job) (payment_unsettled_tasks)', legend: '{{job}}' }],
    },
    {
      title: 'HTTP requests',
      description: 'To the payment gateway, the issuer of tokens and Slack. Without a status: not answered.',
      as: 'lines',
      unit: 'reqps',
      queries: [
        perSecond('http_client_request_duration_seconds_count', [
          'job',
          'server_address',
          'http_response_status_code',
        ]),
      ],
    },
    {
      title: 'Duration of HTTP requests',
      description: 'All but one in a hundred take no longer than this.',
      as: 'lines',
      unit: 's',
      queries: [quantile(0.99, 'http_client_request_duration_seconds', ['job', 'server_address'])],
    },
    {
      title: 'Duration of statements',
      description: 'Statements that belong to a call or a message: all but one in a hundred take no longer.',
      as: 'lines',
      unit: 's',
      queries: [quantile(0.99, 'db_client_operation_duration_seconds', ['job', 'db_operation_name'])],
    },
    {
      title: 'Database connections',
      description: 'Of each pool, by their state; how many it may have; and the requests that wait for one.',
      as: 'lines',
      unit: 'short',
      queries: [
        {
          expr: `sum by (job, instance, db_client_connection_state) (db_client_connection_count{${chosen}})`,
          legend: '{{job}} {{instance}} {{db_client_connection_state}}',
        },
        {
          expr: `sum by (job, instance) (db_client_connection_max{${chosen}})`,
          legend: '{{job}} {{instance}} at most',
        },
        {
          expr: `sum by (job, instance) (db_client_connection_pending_requests{${chosen}})`,
          legend: '{{job}} {{instance}} waiting',
        },
      ],
    },
  ],
};
