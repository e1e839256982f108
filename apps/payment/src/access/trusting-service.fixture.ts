import { openPaymentClient } from '@payments/contracts';
import type { PaymentClient } from '@payments/contracts';
import { openFixture } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';
import { authenticateBy } from './authenticate.ts';
import type { Authenticate } from './authentication-interceptor.ts';
import type { Issuer } from './issuer.fixture.ts';
import type { KeyTimes } from './token-keys.ts';

/** The service with a database of its own, and whose tokens it takes. */
export type TrustingService = AsyncDisposable & {
  fixture: Fixture;
  /** Takes this issuer's tokens from now on, and returns the lines of the log. Keys are fetched whenever it helps, unless told otherwise. */
  trust: (issuer: Issuer, times?: Partial<KeyTimes>) => string[];
  /** A client with this token, or with none. */
  as: (token?: string) => PaymentClient;
};

/** Starts the service; each spec may let it trust another issuer. */
export const openTrustingService = async (): Promise<TrustingService> => {
  await using opened = new AsyncDisposableStack();
  const trusted: { authenticate?: Authenticate } = {};
  const authenticate: Authenticate = (...call) =>
    trusted.authenticate?.(...call) ?? Promise.reject(new Error('no issuer is trusted'));
  const fixture = opened.use(await openFixture({ authenticate }));
  const closing = opened.move();
  return {
    fixture,
    trust: ({ tokens }, times = {}) => {
      const logged: string[] = [];
      const keep = (fields: unknown, text?: string) => void logged.push(JSON.stringify([fields, text]));
      const log = { info: keep, warn: keep } as never;
      trusted.authenticate = authenticateBy({ tokens, log, times: { pauseMs: 0, cooldownMs: 0, ...times } });
      return logged;
    },
    as: (token) =>
      closing.use(
        openPaymentClient({ address: fixture.server.address, ...(token !== undefined && { token }) }),
      ),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};
