import type { Row } from '../panel.ts';
import { chosen } from './instances.ts';

/** The processes themselves. */
export const processes: Row = {
  title: 'Processes',
  panels: [
    {
      title: 'Up',
      description: 'Whether Prometheus reaches each instance.',
      as: 'lines',
      unit: 'short',
      max: 1,
      queries: [{ expr: `up{${chosen}}`, legend: '{{job}} {{instance}}' }],
    },
    {
      title: 'Ready',
      description: 'Each part of each instance: 1, or 0 where /readyz says why not.',
      as: 'lines',
      unit: 'short',
      max: 1,
      queries: [{ expr: `health_ready{${chosen}}`, legend: '{{job}} {{instance}} {{part}}' }],
    },
    {
      title: 'Event loop',
      description:
        'How late one in a hundred looks at the event loop comes. 0.1 s is how seldom it is looked at, and means not at all.',
      as: 'lines',
      unit: 's',
      thresholds: { red: 0.5 },
      queries: [
        { expr: `nodejs_eventloop_delay_p99_seconds{${chosen}}`, legend: '{{job}} {{instance}} delay p99' },
      ],
    },
    {
      title: 'Event loop utilization',
      description: 'The share of the time in which a process has work.',
      as: 'lines',
      unit: 'percentunit',
      max: 1,
      queries: [{ expr: `nodejs_eventloop_utilization_ratio{${chosen}}`, legend: '{{job}} {{instance}}' }],
    },
    {
      title: 'Heap',
      description: 'Memory of JavaScript in use.',
      as: 'lines',
      unit: 'bytes',
      queries: [
        {
          expr: `sum by (job, instance) (v8js_memory_heap_used_bytes{${chosen}})`,
          legend: '{{job}} {{instance}}',
        },
      ],
    },
    {
      title: 'Garbage collection',
      description: 'The share of the time that it takes.',
      as: 'lines',
      unit: 'percentunit',
      queries: [
        {
          expr: `sum by (job, instance, v8js_gc_type) (rate(v8js_gc_duration_seconds_sum{${chosen}}[$__rate_interval]))`,
          legend: '{{job}} {{instance}} {{v8js_gc_type}}',
        },
      ],
    },
    {
      title: 'What runs',
      description: 'Each process with OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.',
      as: 'table',
      unit: 'short',
      queries: [{ expr: `target_info{${chosen}}`, legend: '' }],
    },
  ],
};
