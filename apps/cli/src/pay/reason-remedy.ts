/** What was tried: what the remedy is for. */
export type Deed = 'order' | 'refund' | 'look';

/** What may be said in a remedy. */
type Facts = { deed: Deed; metadata: Readonly<Record<string, string>> };

const scope = (deed: Deed) => (deed === 'look' ? 'payments:read' : 'payments:write');
const tryLater = () => 'Try again in a while.';

/** What to do about each reason of domain `payment.v1` that a person can do something about. */
const remedies: Readonly<Record<string, (facts: Facts) => string>> = {
  TOKEN_MISSING: () =>
    'The service asks for a token: put it into a file and name that with --token-file, or set PAYMENT_TOKEN.',
  TOKEN_INVALID: () =>
    'The service does not take this token. It may have expired, or be meant for another service: get a new one.',
  SCOPE_MISSING: ({ deed }) => `Use a token with the scope ${scope(deed)}.`,
  OTHER_USER: () =>
    'A token acts for its own subject alone: name that with --user, or use a token with the scope payments:admin.',
  PAYMENT_NOT_FOUND: () => '`npm run pay -- list` shows the payments there are.',
  REQUEST_ID_REUSED: () =>
    'Repeat that request exactly to see what became of it, or leave --request-id out to make a new one.',
  NOT_COMPLETED: () =>
    'Only a COMPLETED payment can be refunded: `npm run pay -- get <payment-id>` shows where it stands.',
  REFUND_DECLINED: ({ metadata }) =>
    `The payment gateway refused${metadata.decline_code ? `: ${metadata.decline_code}` : ''}. The payment stays COMPLETED.`,
  REQUEST_IN_PROGRESS: () =>
    'Somebody else is at it. Try again in a while, or give it more time with --timeout.',
  CONTENTION: () => 'Somebody else is at it. Try again in a while, or give it more time with --timeout.',
  OVERLOADED: tryLater,
  TOO_LARGE: () => 'Split the order into smaller ones.',
  STARTING: tryLater,
  STOPPING: tryLater,
  DATABASE_UNAVAILABLE: tryLater,
  TOKEN_KEYS_UNAVAILABLE: tryLater,
  AUTHORIZER_UNAVAILABLE: ({ metadata }) =>
    metadata.state === 'PENDING'
      ? 'The refund is stored and goes on by itself: the same request tells later what became of it.'
      : tryLater(),
  DEADLINE_EXCEEDED: () => 'Give it more time with --timeout.',
  UNIMPLEMENTED: () => 'This service does not have that yet: it is older than this command.',
  INTERNAL: () => 'The log of the service has the cause.',
};

/** What to do about a failure; empty for a reason that this program does not know. */
export const reasonRemedy = (reason: string, facts: Facts): string =>
  Object.hasOwn(remedies, reason) ? (remedies[reason]?.(facts) ?? '') : '';
