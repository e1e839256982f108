import { describe, expect, it } from '@jest/globals';
import { addUp, askWithin } from './ask-within.ts';
import type { FoundCharge } from './gateway.ts';
import type { Attempt } from './read-exchange.ts';

const unknown: FoundCharge = { outcome: 'UNKNOWN', reason: 'lost' };
const notAsked: FoundCharge = { outcome: 'NOT_ASKED', reason: 'refused' };
const done: FoundCharge = { outcome: 'DONE' };
const declined: FoundCharge = { outcome: 'DECLINED', code: 'x' };

const retry = { attempts: 3, minPauseMs: 1, maxPauseMs: 2 };
const again = (answer: FoundCharge, retryAfterMs?: number): Attempt => ({
  answer,
  again: true,
  health: 'ILL',
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

/** Asks, with these attempts to come; tells the answer and how often it asked. */
const ask = async (attempts: Attempt[], bound: { deadlineMs?: number; signal?: AbortSignal } = {}) => {
  const { deadlineMs = 60_000, signal = new AbortController().signal } = bound;
  let made = 0;
  const answer = await askWithin(retry, { signal, deadline: Date.now() + deadlineMs }, () => {
    const attempt = attempts[made++];
    if (!attempt) throw new Error('asked too often');
    return Promise.resolve(attempt);
  });
  return { outcome: answer.outcome, made };
};

describe('addUp', () => {
  it.each([
    [unknown, notAsked, 'UNKNOWN'],
    [notAsked, unknown, 'UNKNOWN'],
    [notAsked, notAsked, 'NOT_ASKED'],
    [unknown, done, 'DONE'],
    [unknown, declined, 'DECLINED'],
    [notAsked, done, 'DONE'],
  ])('of %j and then %j is %s', (soFar, next, outcome) => {
    expect(addUp(soFar, next).outcome).toBe(outcome);
  });
});

describe('askWithin', () => {
  it('asks again until the answer is final, three times at most', async () => {
    const final: Attempt = { answer: done, again: false, health: 'WELL' };
    expect(await ask([again(unknown), again(notAsked), final])).toEqual({ outcome: 'DONE', made: 3 });
    expect(await ask([again(notAsked), again(notAsked), again(notAsked)])).toEqual({
      outcome: 'NOT_ASKED',
      made: 3,
    });
  });

  it('forgets no attempt of which the outcome is unknown', async () => {
    const attempts = [again(notAsked), again(unknown), again(notAsked)];
    expect(await ask(attempts)).toEqual({ outcome: 'UNKNOWN', made: 3 });
  });

  it('comes back when it was told to, unless the call has ended by then', async () => {
    const started = performance.now();
    const final: Attempt = { answer: done, again: false, health: 'WELL' };
    expect(await ask([again(notAsked, 120), final])).toEqual({ outcome: 'DONE', made: 2 });
    expect(performance.now() - started).toBeGreaterThan(115);
    expect(await ask([again(notAsked, 120_000)])).toEqual({ outcome: 'NOT_ASKED', made: 1 });
  });

  it('asks nothing without time, and nothing for a caller that has gone', async () => {
    expect(await ask([], { deadlineMs: 0 })).toEqual({ outcome: 'NOT_ASKED', made: 0 });
    expect(await ask([], { signal: AbortSignal.abort() })).toEqual({ outcome: 'NOT_ASKED', made: 0 });
  });

  it('ends a pause with its caller', async () => {
    const going = new AbortController();
    const asking = ask([again(unknown, 50_000)], { signal: going.signal });
    setImmediate(() => going.abort());
    expect(await asking).toEqual({ outcome: 'UNKNOWN', made: 1 });
  });
});
