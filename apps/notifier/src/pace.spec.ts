import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { openPace } from './pace.ts';

const never = new AbortController().signal;
const noted = (begun: number[]) => () => Promise.resolve(void begun.push(performance.now()));

describe('the pace to Slack', () => {
  it('gives turns one after the other, in order, not faster than the interval', async () => {
    const pace = openPace({ intervalMs: 40 });
    const begun: number[] = [];
    const order: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map((name) => pace.turn(noted(begun), never).then(() => void order.push(name))),
    );
    expect(order).toEqual(['a', 'b', 'c']);
    const gaps = begun.slice(1).map((at, index) => at - (begun[index] ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(40);
  });

  it('never runs two at once, also without an interval', async () => {
    const pace = openPace({ intervalMs: 0 });
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => pace.turn(work, never)));
    expect(most).toBe(1);
  });

  it('holds everybody back when told to', async () => {
    const pace = openPace({ intervalMs: 0 });
    const started = performance.now();
    pace.hold(60);
    pace.hold(10);
    await pace.turn(() => Promise.resolve(), never);
    expect(performance.now() - started).toBeGreaterThanOrEqual(60);
  });

  it('lets a stop end the wait of those who have no turn yet, and leaves the lane free', async () => {
    const pace = openPace({ intervalMs: 0 });
    const stop = new AbortController();
    const gate = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    const work = () => {
      begun.resolve();
      return gate.promise;
    };
    const inTurn = pace.turn(work, stop.signal);
    const waiting = pace.turn(() => Promise.resolve('never'), stop.signal);
    await begun.promise;
    stop.abort(new Error('stopped'));
    gate.resolve('finished');
    expect(await Promise.allSettled([inTurn, waiting])).toMatchObject([
      { value: 'finished' },
      { reason: new Error('stopped') },
    ]);
    await expect(pace.turn(() => Promise.resolve('next'), never)).resolves.toBe('next');
  });

  it('sleeps through a hold that is longer than a timer of Node can be', async () => {
    const pace = openPace({ intervalMs: 0 });
    const stop = new AbortController();
    pace.hold(2 ** 32);
    const waiting = pace.turn(() => Promise.resolve(), stop.signal);
    const looks = jest.spyOn(performance, 'now');
    try {
      await pause(100);
      // One for each time that it wakes.
      expect(looks.mock.calls.length).toBeLessThanOrEqual(3);
    } finally {
      looks.mockRestore();
      stop.abort();
      await expect(waiting).rejects.toThrow('aborted');
    }
  });

  it('ends a long hold at a stop', async () => {
    const pace = openPace({ intervalMs: 0 });
    const stop = new AbortController();
    pace.hold(60_000);
    const waiting = pace.turn(() => Promise.resolve(), stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });

  it('passes the turn on when the work fails', async () => {
    const pace = openPace({ intervalMs: 0 });
    await expect(pace.turn(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no');
    await expect(pace.turn(() => Promise.resolve(1), never)).resolves.toBe(1);
  });
});
