import { describe, expect, it } from '@jest/globals';
import { timer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

import { relay$ } from './relay.ts';

type Helpers = Parameters<Parameters<TestScheduler['run']>[0]>[0];

/** Runs a spec in virtual time: a frame of a marble diagram is a millisecond. */
const inVirtualTime = (run: (helpers: Helpers) => void) => () =>
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);

/** f: a full batch. e: nothing more waits. */
const values = { f: { full: true }, e: { full: false } };

/** A relay over rounds drawn as marbles; after the last one drawn, every round takes 2 ms and finds nothing. */
function relayIn(
  { cold, hot }: Helpers,
  drawn: { rounds: string[]; wake?: string; stop?: string; pollMs?: number },
) {
  const rounds = [...drawn.rounds];
  const failures: number[] = [];
  const stop = new AbortController();
  if (drawn.stop) cold(drawn.stop).subscribe(() => stop.abort());
  const published$ = relay$({
    round: () => cold<{ full: boolean }>(rounds.shift() ?? '--(e|)', values),
    wake$: hot(drawn.wake ?? '-'),
    pollMs: drawn.pollMs ?? 10,
    pauseAfter: (_error, count) => timer(failures.push(count) && count * 5),
    stop: stop.signal,
  });
  return { published$, failures, unstarted: rounds };
}

describe('the loop of the relay', () => {
  it(
    'goes on without a pause while batches come back full, then waits for the poll interval',
    inVirtualTime((helpers) => {
      const { published$ } = relayIn(helpers, { rounds: ['--(f|)', '--(f|)', '--(e|)'], stop: '22ms s' });
      helpers.expectObservable(published$).toBe('--f-f-e 11ms e 3ms |', values);
    }),
  );

  it(
    'begins a round at once on a hint that arrives in a pause',
    inVirtualTime((helpers) => {
      const { published$ } = relayIn(helpers, { rounds: ['--(e|)'], wake: '-----w', stop: '15ms s' });
      helpers.expectObservable(published$).toBe('--e----e 7ms |', values);
    }),
  );

  it(
    'keeps a hint that arrives during a round, since its window was taken before',
    inVirtualTime((helpers) => {
      const { published$ } = relayIn(helpers, { rounds: ['----(e|)'], wake: '--w', stop: '12ms s' });
      helpers.expectObservable(published$).toBe('----e-e 5ms |', values);
    }),
  );

  it(
    'keeps a hint that arrives during a full round, since the batch behind it is read already',
    inVirtualTime((helpers) => {
      const { published$ } = relayIn(helpers, {
        rounds: ['----(f|)', '--(e|)'],
        wake: '--w',
        stop: '14ms s',
      });
      helpers.expectObservable(published$).toBe('----f-e-e 5ms |', values);
    }),
  );

  it(
    'keeps a hint over a failure, since the batch behind the failed one is read already',
    inVirtualTime((helpers) => {
      const drawn = { rounds: ['----#', '--(f|)', '--(e|)'], wake: '--w', stop: '20ms s' };
      const { published$ } = relayIn(helpers, drawn);
      helpers.expectObservable(published$).toBe('-----------f-e-e 4ms |', values);
    }),
  );

  it(
    'answers many hints of one round by one more round',
    inVirtualTime((helpers) => {
      const { published$ } = relayIn(helpers, { rounds: ['----(e|)'], wake: '-www', stop: '12ms s' });
      helpers.expectObservable(published$).toBe('----e-e 5ms |', values);
    }),
  );

  it(
    'pauses longer after each failure in a row, and counts anew after a success',
    inVirtualTime((helpers) => {
      const drawn = { rounds: ['-#', '-#', '-(e|)', '-#', '-(e|)'], stop: '40ms s' };
      const { published$, failures } = relayIn(helpers, drawn);
      helpers.expectObservable(published$).toBe('18ms e 16ms e 4ms |', values);
      helpers.flush();
      expect(failures).toEqual([1, 2, 1]);
    }),
  );

  it(
    'stops in a pause at once',
    inVirtualTime((helpers) => {
      const { published$ } = relayIn(helpers, { rounds: ['--(e|)'], stop: '-----s' });
      helpers.expectObservable(published$).toBe('--e--|', values);
    }),
  );

  it(
    'finishes the round it is in before it stops, and takes no other however full it was',
    inVirtualTime((helpers) => {
      const { published$, unstarted } = relayIn(helpers, { rounds: ['------(f|)', '--(e|)'], stop: '--s' });
      helpers.expectObservable(published$).toBe('------(f|)', values);
      helpers.flush();
      expect(unstarted).toHaveLength(1);
    }),
  );

  it(
    'stops in the pause after a failure',
    inVirtualTime((helpers) => {
      const { published$ } = relayIn(helpers, { rounds: ['-#'], stop: '---s' });
      helpers.expectObservable(published$).toBe('---|', values);
    }),
  );
});
