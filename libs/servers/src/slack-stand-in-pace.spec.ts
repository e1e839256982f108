import { describe, expect, it } from '@jest/globals';
import { askedPause, fasterThan, rateLimiter } from './slack-stand-in-pace.ts';

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

describe('askedPause', () => {
  it('knows how much too soon a request comes, until the time that was asked for is over', () => {
    let now = 0;
    const pause = askedPause(() => now);
    expect(pause.leftMs()).toBe(0);
    pause.ask(2);
    now = 1999.5;
    expect(pause.leftMs()).toBe(0.5);
    now = 2000;
    expect(pause.leftMs()).toBe(0);
  });

  it('is never made shorter by a later answer, and can be forgotten', () => {
    const pause = askedPause(() => 0);
    pause.ask(7);
    pause.ask(1);
    expect(pause.leftMs()).toBe(7000);
    pause.forget();
    expect(pause.leftMs()).toBe(0);
  });
});

describe('fasterThan', () => {
  const begun = Date.parse('2026-01-02T03:04:05.000Z');
  const requestsAt = (...ms: number[]) => ms.map((at) => ({ at: new Date(begun + at).toISOString() }));
  const msOf = (requests: readonly { at: string }[]) => requests.map(({ at }) => Date.parse(at) - begun);
  const pace = { perSecond: 1, burst: 3 };

  it('finds nothing in a burst and what follows it at the pace', () => {
    expect(fasterThan([], pace)).toEqual([]);
    expect(fasterThan(requestsAt(0, 0, 0, 1000, 2000, 3000), pace)).toEqual([]);
    expect(fasterThan(requestsAt(0, 5000, 5000, 5000, 6000), pace)).toEqual([]);
  });

  it('names each request that came sooner than the pace has it, by a millisecond even', () => {
    expect(msOf(fasterThan(requestsAt(0, 0, 0, 0, 999, 1000, 1500, 2000), pace))).toEqual([0, 999, 1500]);
    expect(msOf(fasterThan(requestsAt(0, 999), { perSecond: 1, burst: 1 }))).toEqual([999]);
  });

  it('adds up no rounding over many requests', () => {
    const many = Array.from({ length: 2000 }, (_, n) => Math.ceil((n * 1000) / 3));
    expect(fasterThan(requestsAt(...many), { perSecond: 3, burst: 1 })).toEqual([]);
  });

  it('allows for the way of a request when told to, and for no faster pace in the long run', () => {
    const late = requestsAt(40, 1000, 2040, 3000);
    const options = { perSecond: 1, burst: 1, toleranceMs: 50 };
    expect(fasterThan(late, options)).toEqual([]);
    expect(msOf(fasterThan(requestsAt(0, 970, 1940, 2910), options))).toEqual([1940]);
  });
});
