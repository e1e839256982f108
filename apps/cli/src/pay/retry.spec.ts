import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { rpcErrorMetadata } from '@payments/contracts';
import type { CallOptions } from '@payments/contracts';
import { persist, retryDelayMs } from './retry.ts';

const details = (retry?: number) => ({
  reason: 'STARTING',
  domain: 'payment.v1',
  ...(retry !== undefined && { retryDelayMs: retry }),
});

/** What a call is rejected with. */
const failure = (code: status, message: string, retry?: number) =>
  Object.assign(new Error(message), {
    code,
    details: message,
    metadata: retry === undefined ? new Metadata() : rpcErrorMetadata(code, message, details(retry)),
  });

const nobody = failure(status.UNAVAILABLE, 'No connection established. Last error: connect ECONNREFUSED');

/** Fails with each of these, then succeeds; keeps how it was called. */
const failing = (...failures: Error[]) => {
  const calls: CallOptions[] = [];
  const told: string[] = [];
  const call = (options: CallOptions): Promise<string> => {
    const failed = failures[calls.push(options) - 1];
    return failed ? Promise.reject(failed) : Promise.resolve('paid');
  };
  const run = (timeoutMs = 60_000, signal = new AbortController().signal) =>
    persist({
      call,
      deadline: performance.now() + timeoutMs,
      signal,
      tell: ({ message }) => void told.push(message),
    });
  return { run, calls, told };
};

describe('retryDelayMs', () => {
  it.each([
    [200, { code: status.ABORTED, message: '', details: details(200) }],
    [1000, { code: status.UNAVAILABLE, message: 'Connection dropped' }],
    [1000, { code: status.UNAVAILABLE, message: 'No connection established. Last error: ECONNREFUSED' }],
    [undefined, { code: status.UNAVAILABLE, message: 'No connection established. Last error: self-signed' }],
    [undefined, { code: status.UNAVAILABLE, message: 'Name resolution failed for target dns:x:1' }],
    [undefined, { code: status.UNAVAILABLE, message: '', details: details() }],
    [undefined, { code: status.INTERNAL, message: '' }],
    [undefined, { code: status.DEADLINE_EXCEEDED, message: 'Deadline exceeded' }],
  ])('is %p for %j', (delay, error) => {
    expect(retryDelayMs(error)).toBe(delay);
  });
});

describe('persist', () => {
  it('makes the call again after what the service asks for, and tells why', async () => {
    const { run, calls, told } = failing(
      failure(status.UNAVAILABLE, 'it starts', 1),
      failure(status.ABORTED, 'contention', 1),
    );
    expect(await run()).toBe('paid');
    expect(calls).toHaveLength(3);
    expect(told).toEqual(['it starts', 'contention']);
  });

  it('gives each try what is left of the time', async () => {
    const { run, calls } = failing(failure(status.UNAVAILABLE, 'it starts', 50));
    await run(60_000);
    const [first = 0, second = 0] = calls.map(({ timeoutMs }) => timeoutMs);
    expect(first).toBeLessThanOrEqual(60_000);
    expect(second).toBeLessThanOrEqual(first - 49);
  });

  it('gives up when the delay would outlast the time', async () => {
    const { run, calls } = failing(failure(status.UNAVAILABLE, 'it starts', 60_001));
    await expect(run()).rejects.toThrow('it starts');
    expect(calls).toHaveLength(1);
  });

  it('does not repeat what is refused', async () => {
    const { run, calls } = failing(failure(status.NOT_FOUND, 'none'));
    await expect(run()).rejects.toThrow('none');
    expect(calls).toHaveLength(1);
  });

  it('says why it failed before, when there was no time left to send it again', async () => {
    const late = failure(status.DEADLINE_EXCEEDED, 'Deadline exceeded after 0.001s,Waiting for LB pick');
    const { run } = failing(failure(status.UNAVAILABLE, 'it starts', 1), late);
    await expect(run()).rejects.toThrow('it starts');
  });

  it('ends at once when it is interrupted', async () => {
    const { run, calls } = failing(nobody, nobody);
    const controller = new AbortController();
    const running = run(60_000, controller.signal);
    controller.abort();
    await expect(running).rejects.toThrow();
    expect(calls).toHaveLength(1);
  });
});
