import { paymentServiceDefinition } from '@payments/contracts';
import type { PaymentMethods } from '@payments/contracts';

/** What a token lets its bearer do. */
export type Scope = 'payments:read' | 'payments:write' | 'payments:admin';

/** The scope that each method needs. `payments:admin` is good for all of them. */
const neededBy: Record<keyof PaymentMethods, Scope> = {
  executePayments: 'payments:write',
  refundPayment: 'payments:write',
  getPayment: 'payments:read',
  listPayments: 'payments:read',
  listPaymentHistory: 'payments:read',
};

const byPath = new Map(
  Object.entries(neededBy).map(([name, scope]) => [
    paymentServiceDefinition[name as keyof PaymentMethods].path,
    scope,
  ]),
);

/** The scope that the method of this path needs. @throws Error for a path of another service */
export const neededScope = (path: string): Scope => {
  const scope = byPath.get(path);
  if (scope === undefined) throw new Error(`${path} has no scope`);
  return scope;
};

const words = (claim: unknown): string[] => {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
};

/** The scopes of a token: `scope` (RFC 8693), or `scp` as Entra (a text) and Okta (a list) write it. */
export const scopesOf = ({ scope, scp }: Readonly<Record<string, unknown>>): ReadonlySet<string> =>
  new Set([...words(scope), ...words(scp)].filter((word) => word !== ''));
