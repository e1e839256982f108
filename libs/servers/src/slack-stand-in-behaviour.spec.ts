import { describe, expect, it } from '@jest/globals';
import { behavioursToCome } from './slack-stand-in-behaviour.ts';

describe('behavioursToCome', () => {
  it('gives those asked for in order, then the lasting one, until it is mended', () => {
    const behaviours = behavioursToCome();
    behaviours.failAlways({ status: 403 });
    behaviours.failNext({ status: 500 }, 2);
    behaviours.failNext({ hang: 'before' });
    const four = [1, 2, 3, 4].map(() => behaviours.next(''));
    expect(four).toEqual([{ status: 500 }, { status: 500 }, { hang: 'before' }, { status: 403 }]);
    behaviours.failNext({ status: 500 });
    behaviours.failWhen(() => ({ status: 400 }));
    behaviours.recover();
    expect(behaviours.next('')).toBeUndefined();
  });

  it('gives what a judge says of the body', () => {
    const behaviours = behavioursToCome();
    behaviours.failAlways({ status: 500 });
    behaviours.failWhen((body) => (body.includes('bad') ? { status: 400 } : undefined));
    expect(['good', 'bad'].map(behaviours.next)).toEqual([{ status: 500 }, { status: 400 }]);
  });
});
