import { describe, expect, it } from '@jest/globals';
import { FailureReason } from '@payments/contracts';
import { aFailedEvent, anEvent, decoded } from '../event/an-event.fixture.ts';
import type { AnEvent, Wishes } from '../event/an-event.fixture.ts';
import type { Route } from './route.ts';
import { routingBy } from './routing.ts';

const told = (routes: readonly Route[], event: AnEvent) =>
  routingBy({ channels: [], routes }).channelsOf(decoded(event));
const paid = (currencyCode: string, units: bigint, nanos = 0) =>
  anEvent({ payment: { amount: { currencyCode, units, nanos } } });
const failed = (failureReason: FailureReason, wishes: Wishes['payment'] = {}) =>
  aFailedEvent({ payment: { failureReason, ...wishes } });

describe('an event', () => {
  it('is told in the channel of every route that it matches, once in each', () => {
    const routes = [
      { channel: 'failures', outcomes: ['FAILED'] },
      { channel: 'all' },
      { channel: 'failures', currencies: ['KRW'] },
      { channel: 'refunds', outcomes: ['REFUNDED'] },
    ] satisfies Route[];
    expect(told(routes, failed(FailureReason.DECLINED))).toEqual(['failures', 'all']);
    expect(told(routes, paid('USD', 1n))).toEqual(['all']);
  });

  it('is told in the default channel when it matches none, and only then', () => {
    const routes = [{ channel: 'won', currencies: ['KRW'] }];
    expect(told(routes, paid('USD', 1n))).toEqual(['default']);
    expect(told(routes, paid('KRW', 1n))).toEqual(['won']);
    expect(told([], paid('KRW', 1n))).toEqual(['default']);
  });

  it('must meet all the conditions of a route', () => {
    const route: Route = {
      channel: 'x',
      outcomes: ['FAILED'],
      reasons: [FailureReason.DECLINED, FailureReason.LIMIT_EXCEEDED],
      currencies: ['USD', 'KRW'],
      above: new Map([['KRW', 1_000n]]),
    };
    const won = (units: bigint) => ({ amount: { currencyCode: 'KRW', units } });
    expect(told([route], failed(FailureReason.DECLINED, won(1_001n)))).toEqual(['x']);
    const others = [
      anEvent({ payment: won(1_001n) }),
      failed(FailureReason.ALREADY_PAID, won(1_001n)),
      failed(FailureReason.DECLINED, won(1_000n)),
      failed(FailureReason.DECLINED, { amount: { currencyCode: 'USD', units: 1_001n } }),
      failed(FailureReason.DECLINED, { amount: { currencyCode: 'EUR', units: 1_001n } }),
    ];
    for (const event of others) expect(told([route], event)).toEqual(['default']);
  });

  it('is above an amount only by more than it, to the last minor unit', () => {
    const routes = [{ channel: 'large', above: new Map([['USD', 150n]]) }];
    expect(told(routes, paid('USD', 1n, 500_000_000))).toEqual(['default']);
    expect(told(routes, paid('USD', 1n, 510_000_000))).toEqual(['large']);
  });

  it('that failed for a reason nobody has named yet matches no reason', () => {
    const routes = [{ channel: 'x', reasons: [FailureReason.DECLINED] }];
    expect(told(routes, failed(99 as FailureReason))).toEqual(['default']);
    expect(told(routes, failed(FailureReason.UNSPECIFIED))).toEqual(['default']);
  });
});
