import { describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.ts';

describe('eventually', () => {
  it('returns what the first attempt that holds returned', async () => {
    let attempts = 0;
    const third = await eventually(() => {
      expect(++attempts).toBe(3);
      return `attempt ${attempts}`;
    });
    expect(third).toBe('attempt 3');
  });

  it('tells the last error, how long and how often, and keeps the cause', async () => {
    const failing = eventually(() => Promise.reject(new Error('seven is not eight')), {
      timeoutMs: 60,
      everyMs: 5,
      for: 'the sum',
    });
    await expect(failing).rejects.toThrow(
      /^the sum: not within 60 ms \(\d+ attempts\)\. The last one: seven is not eight$/,
    );
    await expect(failing).rejects.toMatchObject({ cause: { message: 'seven is not eight' } });
  });

  it('gives an attempt that hangs up when the time is over', async () => {
    const hanging = eventually(() => new Promise(() => undefined), { timeoutMs: 50 });
    await expect(hanging).rejects.toThrow('the first attempt has not come to an end');
  });
});
