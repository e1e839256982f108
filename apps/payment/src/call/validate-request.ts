import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import type { Violation as BrokenRule } from '@bufbuild/protovalidate';
import { invalidRequest } from './invalid-request.ts';
import type { Violation } from './payment-error.ts';
import { compiledPattern } from './compiled-pattern.ts';
import { reasonOfRule } from './reason-of-rule.ts';

/**
 * The rules of the proto files, compiled at their first use and kept. An order of 100 reservations with ids of 200
 * characters takes 0.4 ms; with the package's own RE2 in JavaScript it would take 2 ms. Patterns come from our own proto
 * files, not from callers, so nobody can send a slow one.
 */
const validator = createValidator({
  regexMatch: (pattern, text) => compiledPattern(pattern).test(text),
});

/** The field's path is spelled as in the proto file: `reservations[1].reservation_id`. */
const toViolation = ({ field, ruleId, message }: BrokenRule): Violation => ({
  field: pathToString(field),
  ...reasonOfRule(ruleId, message),
});

/**
 * Names every field of a request that breaks a rule of its proto file; none if it breaks none.
 * @throws protovalidate's CompilationError or RuntimeError if a rule itself is broken
 */
export const checkRequest = <Desc extends DescMessage>(
  schema: Desc,
  request: MessageShape<Desc>,
): Violation[] => {
  const result = validator.validate(schema, request);
  switch (result.kind) {
    case 'valid':
      return [];
    case 'invalid':
      return result.violations.map(toViolation);
    case 'error':
      throw result.error;
    default:
      return result satisfies never;
  }
};

/** As `checkRequest`. @throws PaymentError INVALID_REQUEST that names every bad field */
export const validateRequest = <Desc extends DescMessage>(
  schema: Desc,
  request: MessageShape<Desc>,
): void => {
  const violations = checkRequest(schema, request);
  if (violations.length > 0) throw invalidRequest(violations);
};
