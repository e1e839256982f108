import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findJaeger } from './find-jaeger.ts';
import { startJaeger, type RunningJaeger } from './jaeger.ts';
import { readTrace, untilTrace } from './read-trace.ts';

const whereThereIsOne = (await findJaeger()) === null ? describe.skip : describe;

const traceId = '0123456789abcdef0123456789abcdef';
const other = { traceId: 'fedcba9876543210fedcba9876543210', spanId: 'fedcba9876543210' };
const [root, child] = ['0123456789abcdef', '00f067aa0ba902b7'];
const begin = 1_767_323_045_678_000;
const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };

/** A span as OTLP has it, that begins and ends these microseconds after `begin`. */
const spanOf = (
  spanId: string,
  kind: keyof typeof kinds,
  [from, until]: [number, number],
  more: object = {},
) => ({
  traceId,
  spanId,
  name: `a ${kind}`,
  kind: kinds[kind],
  startTimeUnixNano: `${begin + from}000`,
  endTimeUnixNano: `${begin + until}000`,
  ...more,
});

whereThereIsOne('a trace in Jaeger', () => {
  let jaeger: RunningJaeger;

  beforeAll(async () => {
    jaeger = (await startJaeger()) as RunningJaeger;
  });
  afterAll(async () => {
    await jaeger.stop();
  });

  const send = (service: string, spans: object[]) =>
    fetch(`${jaeger.otlp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        resourceSpans: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
            scopeSpans: [{ spans }],
          },
        ],
      }),
    });

  it('is empty before its first span, and whole with parents, links, kinds, times, tags and errors', async () => {
    expect(await readTrace(jaeger.query, traceId)).toEqual([]);
    const failed = { status: { code: 2, message: 'refused' }, parentSpanId: root };
    const links = [{ traceId, spanId: root }, other];
    const attributes = [
      { key: 'batch', value: { intValue: '3' } },
      { key: 'topic', value: { stringValue: 'payment-event' } },
    ];
    await send('relay', [spanOf(child, 'producer', [2000, 9000], { ...failed, links, attributes })]);
    await send('pay', [spanOf(root, 'client', [0, 5000])]);
    const spans = await untilTrace(jaeger.query, traceId, (seen) => (seen.length < 2 ? ['a span'] : []));
    expect(spans).toEqual([
      expect.objectContaining({
        ...{ traceId, spanId: root, parent: undefined, links: [], service: 'pay', name: 'a client' },
        ...{ kind: 'client', startUs: begin, durationUs: 5000, hasError: false },
      }),
      expect.objectContaining({
        ...{ traceId, spanId: child, parent: root, links, service: 'relay', name: 'a producer' },
        ...{ kind: 'producer', startUs: begin + 2000, durationUs: 7000, hasError: true },
        tags: expect.objectContaining({ batch: 3, topic: 'payment-event' }),
      }),
    ]);
  });

  it('that stays incomplete ends the wait with what is missing and what is there', async () => {
    await send('pay', [spanOf(root, 'client', [0, 5000])]);
    const missing = () => ['spans of relay', 'spans of notifier'];
    await untilTrace(jaeger.query, traceId, (seen) => (seen.length < 1 ? ['pay'] : []));
    await expect(untilTrace(jaeger.query, traceId, missing, { timeoutMs: 300 })).rejects.toThrow(
      /trace 0123.*missing: spans of relay, spans of notifier; there: pay: a client/,
    );
    const signal = AbortSignal.abort();
    await expect(untilTrace(jaeger.query, traceId, missing, { signal })).rejects.toThrow(/aborted/);
  });
});
