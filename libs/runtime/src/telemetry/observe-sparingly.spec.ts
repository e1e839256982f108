import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

import { observeSparingly } from './observe-sparingly.ts';
import { pageReader } from './page-reader.ts';

let read: ReturnType<typeof pageReader>;
beforeEach(() => {
  read = pageReader();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [read] }));
});
afterEach(() => metrics.disable());

/** The values that one scrape gets; empty where the series is left out. */
async function scrape(): Promise<unknown[]> {
  const { resourceMetrics } = await read.collect();
  return resourceMetrics.scopeMetrics.flatMap(({ metrics: found }) =>
    found.flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value)),
  );
}

/** A gauge of what `ask` answers, asked every second of a clock that stands still until it is moved. */
function observed(ask: () => Promise<number>, withinMs = 60_000) {
  const clock = { now: 0 };
  const failures: unknown[] = [];
  const gauge = metrics.getMeter('spec').createObservableGauge('figure');
  const observation = observeSparingly({
    meter: 'spec',
    gauges: [gauge],
    ask,
    observe: (figure, result) => result.observe(gauge, figure),
    everyMs: 1000,
    withinMs,
    onFailure: (error) => failures.push(error),
    now: () => clock.now,
  });
  return { clock, failures, observation };
}

describe('observeSparingly', () => {
  it('asks nobody until the metrics are read', async () => {
    let asked = 0;
    observed(() => Promise.resolve((asked += 1)));
    expect(asked).toBe(0);
    expect(await scrape()).toEqual([1]);
  });

  it('asks at most every so often, and tells everybody meanwhile the same', async () => {
    let asked = 0;
    const { clock } = observed(() => Promise.resolve((asked += 1)));
    expect(await Promise.all([scrape(), scrape()])).toContainEqual([1]);
    clock.now = 999;
    expect(await scrape()).toEqual([1]);
    clock.now = 1000;
    expect(await scrape()).toEqual([2]);
  });

  it('leaves the series out while asking fails, asks no more often, and says so once', async () => {
    let asked = 0;
    let broken = false;
    const failed = new Error('away');
    const { clock, failures } = observed(() => {
      asked += 1;
      return broken ? Promise.reject(failed) : Promise.resolve(asked);
    });
    expect(await scrape()).toEqual([1]);
    broken = true;
    for (clock.now of [1000, 1999, 2000, 2999]) expect(await scrape()).toEqual([]);
    expect(asked).toBe(3);
    expect(failures).toEqual([failed]);
    broken = false;
    clock.now = 3000;
    expect(await scrape()).toEqual([4]);
    broken = true;
    clock.now = 4000;
    expect(await scrape()).toEqual([]);
    expect(failures).toEqual([failed, failed]);
  });

  it('does not wait for one who does not answer, and does not ask again before that is over', async () => {
    let asked = 0;
    const hanging = Promise.withResolvers<number>();
    const { clock } = observed(() => ((asked += 1) === 1 ? hanging.promise : Promise.resolve(asked)), 1);
    expect(await scrape()).toEqual([]);
    clock.now = 5000;
    expect(await scrape()).toEqual([]);
    expect(asked).toBe(1);
    hanging.resolve(1);
    await hanging.promise;
    expect(await scrape()).toEqual([2]);
  });

  it('asks no more once it is disposed of', async () => {
    let asked = 0;
    const { observation } = observed(() => Promise.resolve((asked += 1)));
    observation[Symbol.dispose]();
    expect(await scrape()).toEqual([]);
    expect(asked).toBe(0);
  });
});
