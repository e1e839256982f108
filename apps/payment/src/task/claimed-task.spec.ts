import { expect, it } from '@jest/globals';
import { longestCallMs } from '../call/call-context.ts';
import { leaseMs, recoverWithinMs, storeWithinMs } from './claimed-task.ts';

it('a claim holds for as long as a call, or a recoverer, may ask the payment gateway and store the answer', () => {
  expect(leaseMs).toBeGreaterThan(longestCallMs + storeWithinMs);
  expect(leaseMs).toBeGreaterThan(recoverWithinMs + storeWithinMs);
});
