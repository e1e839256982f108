import { describe, expect, it } from '@jest/globals';

import { keepParts } from './parts.ts';

/** Parts, what was told about them, and a way to end one. */
function keeping() {
  const told: string[] = [];
  const parts = keepParts((message) => told.push(message));
  const add = (name: string) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    parts.add({ name, pid: 2 ** 30, ended: promise, lastResort: 'SIGKILL' });
    return async (how: string) => {
      resolve(how);
      await promise;
    };
  };
  return { parts, told, add };
}

describe('parts of a stack', () => {
  it('break it when one of them ends that nobody asked to', async () => {
    const { parts, told, add } = keeping();
    const end = add('relay');
    await end('SIGKILL');
    expect(parts.broken.reason).toMatchObject({
      name: 'StackError',
      message: 'relay ended unexpectedly (SIGKILL).',
    });
    expect(told).toEqual(['relay ended unexpectedly (SIGKILL).']);
  });

  it('are told about once: the others end because of the first', async () => {
    const { told, add } = keeping();
    const [kafka, relay] = [add('Kafka'), add('relay')];
    await kafka('its process is gone');
    await relay('exit code 1');
    expect(told).toEqual(['Kafka ended unexpectedly (its process is gone).']);
  });

  it('may end once that is expected', async () => {
    const { parts, told, add } = keeping();
    const end = add('relay');
    parts.expectEnds();
    await end('exit code 0');
    expect(parts.broken.aborted).toBe(false);
    expect(told).toEqual([]);
  });

  it('are killed at last without minding those that are gone', () => {
    const { parts, add } = keeping();
    add('relay');
    expect(() => parts.killAll()).not.toThrow();
  });
});
