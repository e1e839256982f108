import { describe, expect, it } from '@jest/globals';
import { leaksIn } from './leaks.ts';

const secrets = { user: ['u-1234'], amount: ['7391846', '7,391,846'] };

describe('leaksIn', () => {
  it('finds each secret in each place, in any of its forms', () => {
    const places = {
      spans: '{"user":"u-1234"}',
      'log of relay': 'paid 7,391,846 won; 7391846',
      page: 'up 1',
    };
    expect(leaksIn(places, secrets).map((leak) => leak.slice(0, leak.indexOf(':')))).toEqual([
      'user in spans',
      'amount in log of relay',
      'amount in log of relay',
    ]);
  });

  it('takes no part of a longer number for an amount, and finds it behind one', () => {
    const time = '17391846000000000';
    expect(leaksIn({ spans: time }, secrets)).toEqual([]);
    expect(leaksIn({ spans: `${time}, 7391846` }, secrets)).toHaveLength(1);
  });

  it('finds a secret that stands within a word', () => {
    expect(leaksIn({ spans: 'https://host/xu-1234y' }, secrets)).toHaveLength(1);
  });
});
