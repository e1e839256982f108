import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { graceAfter } from './grace-after.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('graceAfter', () => {
  it('is aborted that much later than `stop`, for the same reason', () => {
    const stop = new AbortController();
    const grace = graceAfter(stop.signal, 1000);
    jest.advanceTimersByTime(5000);
    expect(grace.aborted).toBe(false);
    stop.abort('SIGTERM');
    jest.advanceTimersByTime(999);
    expect(grace.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(grace.reason).toBe('SIGTERM');
  });

  it('counts from now when `stop` was aborted before', () => {
    const grace = graceAfter(AbortSignal.abort(), 1000);
    expect(grace.aborted).toBe(false);
    jest.advanceTimersByTime(1000);
    expect(grace.aborted).toBe(true);
  });
});
