import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { openCircuit } from './open-circuit.ts';
import type { Attempt } from './read-exchange.ts';

const attempt = (health: Attempt['health']): Attempt => ({
  answer: { outcome: 'UNKNOWN', reason: health },
  again: true,
  health,
});

/** A circuit that opens after three, with what it logged. */
const opened = (halfOpenAfterMs = 60_000) => {
  const changes: unknown[] = [];
  const warn = (fields: { circuit: string }) => void changes.push(fields.circuit);
  const through = openCircuit({ failures: 3, halfOpenAfterMs }, { warn });
  let made = 0;
  const meets = async (...healths: Attempt['health'][]) => {
    const answers: string[] = [];
    for (const health of healths) {
      const { answer } = await through(() => {
        made += 1;
        return Promise.resolve(attempt(health));
      });
      answers.push(answer.outcome);
    }
    return answers;
  };
  return { through, meets, changes, made: () => made };
};

describe('the circuit', () => {
  it('opens after failures in a row, asks nobody from then on, and says that it did not', async () => {
    const { meets, changes, made } = opened();
    await meets('ILL', 'ILL', 'WELL', 'ILL', 'ILL');
    expect(changes).toEqual([]);
    expect(await meets('ILL', 'WELL', 'WELL')).toEqual(['UNKNOWN', 'NOT_ASKED', 'NOT_ASKED']);
    expect(changes).toEqual(['open']);
    expect(made()).toBe(6);
  });

  it('counts what our side broke off neither way', async () => {
    const { meets, changes } = opened();
    await meets('ILL', 'UNTOLD', 'ILL', 'UNTOLD', 'UNTOLD', 'UNTOLD');
    expect(changes).toEqual([]);
    await meets('ILL');
    expect(changes).toEqual(['open']);
  });

  it('lets one try, after a while, and closes when the gateway is well', async () => {
    const { meets, changes } = opened(20);
    await meets('ILL', 'ILL', 'ILL');
    await pause(25);
    expect(await meets('WELL', 'WELL')).toEqual(['UNKNOWN', 'UNKNOWN']);
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  it.each(['ILL', 'UNTOLD'] as const)('opens again after a try that is %s', async (health) => {
    const { meets, changes } = opened(20);
    await meets('ILL', 'ILL', 'ILL');
    await pause(25);
    await meets(health);
    expect(changes).toEqual(['open', 'half-open', 'open']);
  });

  it('lets nobody wait for the one that tries', async () => {
    const { through, meets } = opened(20);
    await meets('ILL', 'ILL', 'ILL');
    await pause(25);
    const trial = Promise.withResolvers<Attempt>();
    const trying = through(() => trial.promise);
    expect(await meets('WELL')).toEqual(['NOT_ASKED']);
    trial.resolve(attempt('WELL'));
    await trying;
    expect(await meets('WELL')).toEqual(['UNKNOWN']);
  });

  it('does not hide a fault of ours', async () => {
    const { through } = opened();
    await expect(through(() => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours');
  });
});
