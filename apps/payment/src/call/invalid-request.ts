import { PaymentError } from './payment-error.ts';
import type { Violation } from './payment-error.ts';

/**
 * Bytes of violations that an error carries. Trailers are headers, and some clients take no more than 8 KiB of them
 * together (grpc-java); base64 adds a third.
 */
const budgetBytes = 5_000;

/** With tags and lengths. */
const nameBytes = ({ field, reason }: Violation) => Buffer.byteLength(field) + reason.length + 8;

/**
 * Names every bad field, with descriptions as far as they fit (the reasons stay), and only then leaves fields out and
 * says how many.
 */
export const fitViolations = (violations: readonly Violation[]): Violation[] => {
  let room = budgetBytes;
  const named = violations.filter((violation) => (room -= nameBytes(violation)) >= 0);
  const left = violations.length - named.length;
  const described = named.map((violation) =>
    (room -= Buffer.byteLength(violation.description)) >= 0 ? violation : { ...violation, description: '' },
  );
  const rest = {
    field: 'reservations',
    description: `${left} more faults are not listed`,
    reason: 'AND_MORE',
  };
  return left === 0 ? described : [...described, rest];
};

/** INVALID_ARGUMENT, with every bad field named; the first ones in the message too, for those who read nothing else. */
export const invalidRequest = (violations: readonly Violation[]): PaymentError => {
  const fields = [...new Set(violations.map(({ field }) => field))];
  const named = fields.length > 5 ? [...fields.slice(0, 5), '…'] : fields;
  return new PaymentError('INVALID_REQUEST', `the request is refused for its ${named.join(', ')}`, {
    violations: fitViolations(violations),
  });
};
