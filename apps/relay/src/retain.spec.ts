import { describe, expect, it } from '@jest/globals';
import { OutboxError } from '@payments/outbox';
import type { CleanUpReport, SlotReport } from '@payments/outbox';
import { TestScheduler } from 'rxjs/testing';

import { retain$ } from './retain.ts';
import { watchSlots } from './watch-slots.ts';

type Helpers = Parameters<Parameters<TestScheduler['run']>[0]>[0];

const slot = (over: Partial<SlotReport>): SlotReport => ({
  ring: 'message',
  slot: 3,
  outcome: 'young',
  bytes: 0,
  reason: null,
  ...over,
});
const report = (...slots: SlotReport[]): CleanUpReport => ({ slots, deleted: { parked: 0, requests: 0 } });

/** Cleans up in virtual time, as drawn; a frame is a millisecond. What the log has afterwards. */
function cleaning(
  drawn: {
    rounds: string[];
    reports?: Record<string, CleanUpReport>;
    errors?: unknown[];
    stop: string;
    random?: number;
  },
  expectation: string,
  failure?: unknown,
) {
  const lines: [level: string, fields: object, text: string][] = [];
  const times: number[] = [];
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ cold, expectObservable }: Helpers) => {
    const stop = new AbortController();
    cold(drawn.stop).subscribe(() => stop.abort());
    const rounds = [...drawn.rounds];
    const errors = [...(drawn.errors ?? [])];
    const write = (level: string) => (fields: object, text: string) => lines.push([level, fields, text]);
    const retained$ = retain$({
      cleanUp: () => {
        times.push(scheduler.now());
        const round = rounds.shift() ?? '(n|)';
        return cold(
          round,
          { n: report(), ...drawn.reports },
          round.includes('#') ? errors.shift() : undefined,
        );
      },
      watch: watchSlots({ overdueMs: 0 }),
      log: { info: write('info'), warn: write('warn') } as never,
      stop: stop.signal,
      random: () => drawn.random ?? 0,
    });
    expectObservable(retained$).toBe(expectation, undefined, failure);
  });
  return { lines, times };
}

describe('cleaning up', () => {
  it('begins soon after the start, goes on every 10 minutes, and ends on a stop', () => {
    const { times } = cleaning({ rounds: [], stop: '30m s' }, '30m |');
    expect(times).toEqual([20_000, 620_000, 1_220_000]);
  });

  it('is spread by chance', () => {
    const { times } = cleaning({ rounds: [], stop: '16m s', random: 0.5 }, '16m |');
    expect(times).toEqual([25_000, 775_000]);
  });

  it('says which slots were emptied, and which could not be and why', () => {
    const reports = {
      a: report(
        slot({ outcome: 'emptied', bytes: 8192 }),
        slot({ slot: 4, outcome: 'busy', reason: 'held' }),
      ),
    };
    const { lines } = cleaning({ rounds: ['(a|)'], reports, stop: '1m s' }, '1m |');
    expect(lines).toEqual([
      ['info', { ring: 'message', slot: 3, bytes: 8192 }, 'emptied a slot'],
      [
        'warn',
        expect.objectContaining({ slot: 4, reason: 'held', dueHours: 0 }),
        expect.stringContaining('due'),
      ],
    ]);
  });

  it('goes on after what PostgreSQL refuses, with a line', () => {
    const errors = [new OutboxError('DATABASE_REFUSED', 'permission denied')];
    const { lines, times } = cleaning({ rounds: ['#'], errors, stop: '11m s' }, '11m |');
    expect(lines).toEqual([
      ['warn', { code: 'DATABASE_REFUSED', reason: 'permission denied' }, 'the clean-up failed'],
    ]);
    expect(times).toHaveLength(2);
  });

  it('fails when the session is lost', () => {
    const lost = new OutboxError('DATABASE_UNAVAILABLE', 'the connection ended');
    cleaning({ rounds: ['#'], errors: [lost], stop: '1m s' }, '20s #', lost);
  });
});
