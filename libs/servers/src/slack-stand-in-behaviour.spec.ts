import { describe, expect, it } from '@jest/globals';
import { behavioursToCome, rateLimiter } from './slack-stand-in-behaviour.ts';

describe('behavioursToCome', () => {
  it('gives those asked for in order, then the lasting one, until it is mended', () => {
    const behaviours = behavioursToCome();
    behaviours.failAlways({ status: 403 });
    behaviours.failNext({ status: 500 }, 2);
    behaviours.failNext({ hang: 'before' });
    const four = [1, 2, 3, 4].map(() => behaviours.next());
    expect(four).toEqual([{ status: 500 }, { status: 500 }, { hang: 'before' }, { status: 403 }]);
    behaviours.failNext({ status: 500 });
    behaviours.recover();
    expect(behaviours.next()).toBeUndefined();
  });
});

describe('rateLimiter', () => {
  it('lets a short burst pass, then one a second, and says in whole seconds how long to wait', () => {
    let now = 0;
    const secondsToWait = rateLimiter({ perSecond: 1, burst: 2 }, () => now);
    expect([secondsToWait(), secondsToWait(), secondsToWait()]).toEqual([0, 0, 1]);
    now = 999;
    expect(secondsToWait()).toBe(1);
    now = 1000;
    expect([secondsToWait(), secondsToWait()]).toEqual([0, 1]);
    now = 60_000;
    expect([secondsToWait(), secondsToWait(), secondsToWait()]).toEqual([0, 0, 1]);
  });

  it('says a longer wait where the pace is slower', () => {
    const secondsToWait = rateLimiter({ perSecond: 0.1, burst: 1 }, () => 0);
    expect([secondsToWait(), secondsToWait()]).toEqual([0, 10]);
  });
});
