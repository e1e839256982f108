import { describe, expect, it } from '@jest/globals';
import { readCliConfig } from './config.ts';

describe('where the traces of the commands go', () => {
  it.each([
    ['local', {}],
    ['local', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['as set', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }],
    ['as set', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }],
    ['as set', { OTEL_TRACES_EXPORTER: 'otlp' }],
    ['nowhere', { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }],
    ['nowhere', { OTEL_SDK_DISABLED: 'True', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }],
  ])('is %s with %j', (traces, env) => {
    expect(readCliConfig(env).traces).toBe(traces);
  });
});
