import { describe, expect, it } from '@jest/globals';
import { TestScheduler } from 'rxjs/testing';

import { watchRounds } from './watch-rounds.ts';

type Helpers = Parameters<Parameters<TestScheduler['run']>[0]>[0];

/** A round in virtual time, a frame of which is a millisecond, that is watched after 10 s; what was told, and when. */
function watching(run: (watched: ReturnType<typeof watchRounds>['watched'], helpers: Helpers) => void) {
  const told: string[] = [];
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  const tell = (text: string) => void told.push(`${scheduler.now()} ${text}`);
  scheduler.run((helpers) => {
    const { watched } = watchRounds({
      boundMs: 10_000,
      readiness: { ready: (part) => tell(`${part} ready`), notReady: (part, why) => tell(`${part}: ${why}`) },
      log: { warn: (fields: object, text?: string) => tell(`${text} ${JSON.stringify(fields)}`) },
    });
    run(watched, helpers);
  });
  return told;
}

const why = (seconds: number) =>
  `publishing: a round that began ${seconds} s ago has not ended: it waits for PostgreSQL to hand out a batch`;

describe('a round that is watched', () => {
  it('makes the relay unready while it does not end, and says so once in the log', () => {
    const told = watching((watched, { cold, expectObservable }) => {
      expectObservable(watched(() => cold('21s (r|)'))).toBe('21s (r|)');
    });
    expect(told).toEqual([
      `10000 ${why(10)}`,
      '10000 a round does not end {"seconds":10,"waitsFor":"PostgreSQL to hand out a batch"}',
      `15000 ${why(15)}`,
      `20000 ${why(20)}`,
      '21000 publishing ready',
    ]);
  });

  it('makes the relay ready when it ends, also by an error', () => {
    const told = watching((watched, { cold, expectObservable }) => {
      expectObservable(watched(() => cold('11s #'))).toBe('11s #');
    });
    expect(told.at(-1)).toBe('11000 publishing ready');
  });

  it('says nothing else where it ends in time', () => {
    const told = watching((watched, { cold, expectObservable }) => {
      const rounds$ = watched(() => cold('9s (r|)'));
      expectObservable(rounds$).toBe('9s (r|)');
    });
    expect(told).toEqual(['9000 publishing ready']);
  });
});

describe('the steps of a round', () => {
  /** Stops at the one that never ends, and tells what it waits for. */
  async function stuckAt(step: 'nextBatch' | 'deliver' | 'acknowledge' | 'idle'): Promise<string> {
    const { promise: told, resolve: tell } = Promise.withResolvers<string>();
    const { watched, steps } = watchRounds({
      boundMs: 1,
      readiness: { ready: () => undefined, notReady: (_, reason) => tell(reason) },
      log: { warn: () => undefined },
    });
    const { promise: over, resolve: end } = Promise.withResolvers<never>();
    const at = (name: string) => (name === step ? over : Promise.resolve());
    const batch = { kind: 'LOG', messages: [], followers: 0, full: false } as const;
    const { log, deliver, idle } = steps({
      log: {
        nextBatch: () => at('nextBatch').then(() => batch),
        acknowledge: () => at('acknowledge'),
        postpone: () => undefined,
      },
      deliver: () => at('deliver').then(() => []),
      idle: () => at('idle'),
      tell: () => undefined,
    });
    const round = async () => {
      const next = await log.nextBatch();
      if (step === 'idle') return idle();
      return log.acknowledge(next, await deliver(next));
    };
    const rounds = watched(round).subscribe();
    const reason = await told;
    rounds.unsubscribe();
    end(undefined as never);
    return reason.replace(/^.* it waits for /, '');
  }

  it.each([
    ['nextBatch', 'PostgreSQL to hand out a batch'],
    ['deliver', 'Kafka'],
    ['acknowledge', 'PostgreSQL to write the checkpoint'],
    ['idle', 'Kafka'],
  ] as const)('are told apart: %s', async (step, waitsFor) => {
    expect(await stuckAt(step)).toBe(waitsFor);
  });
});
