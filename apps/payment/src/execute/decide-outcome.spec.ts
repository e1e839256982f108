import { describe, expect, it } from '@jest/globals';
import { decideOutcome } from './decide-outcome.ts';

const limits = new Map([['KRW', 1_000_000n]]);
const gateway = undefined;
const krw = (minor: bigint) => ({ minor, currency: 'KRW' });

describe('decideOutcome', () => {
  it('completes a payment up to its limit', () => {
    expect(decideOutcome({ amount: krw(1_000_000n), alreadyPaid: false, gateway, limits })).toEqual({
      state: 'COMPLETED',
    });
  });

  it('fails a payment above its limit', () => {
    const outcome = decideOutcome({ amount: krw(1_000_001n), alreadyPaid: false, gateway, limits });
    expect(outcome).toEqual({ state: 'FAILED', failureReason: 'LIMIT_EXCEEDED' });
  });

  it('knows no limit for a currency that has none', () => {
    const amount = { minor: 10n ** 15n, currency: 'USD' };
    expect(decideOutcome({ amount, alreadyPaid: false, gateway, limits })).toEqual({ state: 'COMPLETED' });
  });

  it('fails what is paid already, whatever the amount', () => {
    for (const amount of [krw(1n), krw(1_000_001n)]) {
      const outcome = decideOutcome({ amount, alreadyPaid: true, gateway, limits });
      expect(outcome).toEqual({ state: 'FAILED', failureReason: 'ALREADY_PAID' });
    }
  });

  it('leaves what is not paid to the payment gateway where there is one, whatever the amount', () => {
    const amount = krw(1_000_001n);
    const byGateway = { amount, gateway: { host: 'gateway.example' }, limits };
    expect(decideOutcome({ ...byGateway, alreadyPaid: false })).toEqual({
      state: 'PENDING',
      askedOf: 'gateway.example',
    });
    expect(decideOutcome({ ...byGateway, alreadyPaid: true })).toMatchObject({ state: 'FAILED' });
  });
});
