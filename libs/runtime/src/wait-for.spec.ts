import { describe, expect, it } from '@jest/globals';

import { waitFor } from './wait-for.ts';

/** Records what waitFor tells the log and the health endpoint. */
function listener() {
  const lines: { message: string; fields: Record<string, unknown> }[] = [];
  const health: string[] = [];
  const add = (fields: object, message: string) => lines.push({ message, fields: { ...fields } });
  return {
    lines,
    health,
    options: {
      stop: new AbortController().signal,
      log: { info: add, warn: add },
      health: {
        ready: (part: string) => health.push(`${part} ready`),
        notReady: (part: string, reason: string) => health.push(`${part}: ${reason}`),
      },
      minMs: 1,
      maxMs: 4,
      random: () => 0,
    },
  };
}

/** Fails the given number of times, then gives 'connected'. */
function failing(times: number) {
  let attempts = 0;
  return () =>
    ++attempts > times ? Promise.resolve('connected') : Promise.reject(new Error(`refused ${attempts}`));
}

describe('waitFor', () => {
  it('tries until it succeeds: one line for each failed attempt, with a growing pause', async () => {
    const { lines, options } = listener();
    expect(await waitFor('kafka', failing(4), options)).toBe('connected');
    expect(lines.map(({ fields, message }) => [message, fields['attempt'], fields['pauseMs']])).toEqual([
      ['waiting for kafka', 1, 1],
      ['waiting for kafka', 2, 2],
      ['waiting for kafka', 3, 4],
      ['waiting for kafka', 4, 4],
      ['kafka is there', 5, undefined],
    ]);
  });

  it('is not ready, and says why, until then', async () => {
    const { health, options } = listener();
    await waitFor('kafka', failing(2), options);
    expect(health).toEqual(['kafka: refused 1', 'kafka: refused 2', 'kafka ready']);
  });

  it('says nothing when the first attempt succeeds', async () => {
    const { lines, options } = listener();
    await waitFor('kafka', failing(0), options);
    expect(lines).toEqual([]);
  });

  it('names what both addresses of a host answered, and no password', async () => {
    const { lines, options } = listener();
    const errors = [new Error('ECONNREFUSED ::1'), new Error('at postgres://app:s3cret@db')];
    const once = failing(0);
    let first = true;
    await waitFor(
      'database',
      () => (first ? ((first = false), Promise.reject(new AggregateError(errors))) : once()),
      options,
    );
    expect(lines[0]?.fields['reason']).toBe('ECONNREFUSED ::1; at postgres://app:***@db');
  });

  it('ends with the reason of the stop signal, in the middle of a pause', async () => {
    const { lines, options } = listener();
    const stopping = new AbortController();
    const waiting = waitFor('kafka', failing(Infinity), {
      ...options,
      stop: stopping.signal,
      minMs: 60_000,
      maxMs: 60_000,
      log: { ...options.log, warn: () => stopping.abort() },
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(lines).toEqual([]);
  });
});
