import { describe, expect, it } from '@jest/globals';

import { readTelemetryConfig } from './config.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('readTelemetryConfig', () => {
  it('sends nothing where the environment says nothing, keeps every trace that comes in, and bounds what waits', () => {
    expect(readTelemetryConfig({})).toEqual({
      disabled: false,
      exporter: undefined,
      batches: {
        maxQueueSize: 8192,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 1000,
        exportTimeoutMillis: 30_000,
      },
      linkCountLimit: 1000,
      attributeValueLengthLimit: 4096,
      sampler: { name: 'parentbased_always_on', ratio: 1 },
    });
  });

  it('is off only with true', () => {
    const isOff = (value: string) => readTelemetryConfig({ OTEL_SDK_DISABLED: value }).disabled;
    expect(['true', ' TRUE ', 'false', '1', ''].map(isOff)).toEqual([true, true, false, false, false]);
  });

  it.each([
    [endpoint, 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }, 'http/protobuf'],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http/protobuf'],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'http/json'],
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' },
      'grpc',
    ],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, 'none'],
    [{ OTEL_TRACES_EXPORTER: 'console' }, 'console'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_TRACES_EXPORTER: '' }, undefined],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, undefined],
  ])('sends as %j says: %s', (env, exporter) => {
    expect(readTelemetryConfig(env).exporter).toBe(exporter);
  });

  it.each([
    ['OTEL_TRACES_SAMPLER', 'parentbased_traceidration'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_TRACES_SAMPLER_ARG', '-0.1'],
    ['OTEL_TRACES_SAMPLER_ARG', '1 %'],
    ['OTEL_TRACES_EXPORTER', 'jaeger'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'thrift'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
    ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'many'],
    ['OTEL_BSP_SCHEDULE_DELAY', '1s'],
    ['OTEL_BSP_EXPORT_TIMEOUT', '0.5'],
  ])('refuses a bad %s (%s), and names it', (variable, value) => {
    expect(() => readTelemetryConfig({ ...endpoint, [variable]: value })).toThrow(
      new RegExp(`^${variable} must be `),
    );
  });

  it('takes the sampler and its ratio, blanks around them or not', () => {
    const env = { OTEL_TRACES_SAMPLER: ' parentbased_traceidratio ', OTEL_TRACES_SAMPLER_ARG: ' 0.01 ' };
    expect(readTelemetryConfig(env).sampler).toEqual({ name: 'parentbased_traceidratio', ratio: 0.01 });
  });

  it('leaves the number of links to the environment where it says one', () => {
    expect(readTelemetryConfig({ OTEL_SPAN_LINK_COUNT_LIMIT: '5' }).linkCountLimit).toBeUndefined();
    for (const name of ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'])
      expect(readTelemetryConfig({ [name]: '5' }).attributeValueLengthLimit).toBeUndefined();
  });

  it('never sends batches larger than the queue', () => {
    const { batches } = readTelemetryConfig({ OTEL_BSP_MAX_QUEUE_SIZE: '100' });
    expect(batches).toMatchObject({ maxQueueSize: 100, maxExportBatchSize: 100 });
  });
});
