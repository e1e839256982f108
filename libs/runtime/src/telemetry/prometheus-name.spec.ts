import { describe, expect, it } from '@jest/globals';

import { prometheusName, prometheusUnit } from './prometheus-name.ts';

describe('prometheusName', () => {
  it.each([
    ['rpc.server.call.duration', 's', 'rpc_server_call_duration_seconds'],
    ['v8js.memory.heap.used', 'By', 'v8js_memory_heap_used_bytes'],
    ['http.client.active_requests', '{request}', 'http_client_active_requests'],
    ['nodejs.eventloop.utilization', '1', 'nodejs_eventloop_utilization_ratio'],
    ['health.ready', '', 'health_ready'],
  ])('ends in the unit: %s in "%s"', (name, unit, expected) => {
    expect(prometheusName(name, unit)).toBe(expected);
  });

  it('has the unit once, where the instrument is named with it', () => {
    expect(prometheusName('outbox.lag.seconds', 's')).toBe('outbox_lag_seconds');
  });
});

describe('prometheusUnit', () => {
  it('is empty for a count and for what it does not know', () => {
    expect(['s', '{message}', '', 'furlong'].map(prometheusUnit)).toEqual(['seconds', '', '', '']);
  });
});
