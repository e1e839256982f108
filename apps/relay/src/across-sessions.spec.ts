import { describe, expect, it } from '@jest/globals';
import { EMPTY, concat, lastValueFrom, of, throwError, toArray } from 'rxjs';
import type { Observable } from 'rxjs';

import { acrossSessions } from './across-sessions.ts';

/** Works through what each session gives, with a record of what happened in order. */
async function sessions(
  script: readonly Observable<string>[],
  options: { giveUp?: boolean; stop?: AbortSignal } = {},
) {
  const did: string[] = [];
  let opened = 0;
  const values = await lastValueFrom(
    acrossSessions({
      open: () => {
        const number = (opened += 1);
        did.push(`open ${number}`);
        const close = () => Promise.resolve(void did.push(`close ${number}`));
        return Promise.resolve({ number, [Symbol.asyncDispose]: close });
      },
      work: ({ number }) => script[number - 1] ?? EMPTY,
      pauseAfter: (error, failures) => {
        did.push(`pause ${failures}`);
        return options.giveUp ? throwError(() => error) : of(0);
      },
      stop: options.stop ?? new AbortController().signal,
    }).pipe(toArray()),
  ).catch((error: unknown) => error);
  return { did, values };
}

const lost = throwError(() => new Error('lost'));

describe('work across sessions', () => {
  it('closes the session when the work completes', async () => {
    const { did, values } = await sessions([of('a', 'b')]);
    expect(values).toEqual(['a', 'b']);
    expect(did).toEqual(['open 1', 'close 1']);
  });

  it('closes a lost session, pauses, and opens another one', async () => {
    const { did, values } = await sessions([concat(of('a'), lost), lost, of('b')]);
    expect(values).toEqual(['a', 'b']);
    expect(did).toEqual([
      'open 1',
      'close 1',
      'pause 1',
      'open 2',
      'close 2',
      'pause 2',
      'open 3',
      'close 3',
    ]);
  });

  it('counts failures anew after a success', async () => {
    const { did } = await sessions([lost, concat(of('a'), lost), of('b')]);
    expect(did.filter((step) => step.startsWith('pause'))).toEqual(['pause 1', 'pause 1']);
  });

  it('ends with the error that the pause gives up with, and with the session closed', async () => {
    const { did, values } = await sessions([lost], { giveUp: true });
    expect(values).toEqual(new Error('lost'));
    expect(did).toEqual(['open 1', 'close 1', 'pause 1']);
  });

  it('opens no other session once it is told to stop', async () => {
    const { did, values } = await sessions([concat(of('a'), lost)], { stop: AbortSignal.abort() });
    expect(values).toEqual(['a']);
    expect(did).toEqual(['open 1', 'close 1', 'pause 1']);
  });
});
