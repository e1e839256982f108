import type { Violation } from './payment-error.ts';

type Reason = Omit<Violation, 'field'>;

const notAUuid: Reason = {
  reason: 'NOT_A_UUID',
  description: 'must be a UUID, such as 3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
};

/**
 * What each rule means to callers. The reasons are for programs and stay as they are; rules written in CEL have theirs for
 * an id, and a message that says how to mend it. `…` stands for what the rule itself says: it knows the bound.
 */
const reasons: Readonly<Record<string, Reason>> = {
  required: { reason: 'REQUIRED', description: 'is missing or empty: give it' },
  'string.max_len': { reason: 'TOO_LONG', description: '…' },
  // The id does not tell patterns apart: this is the only one, and another has to be a rule in CEL.
  'string.pattern': { reason: 'CONTROL_CHARACTER', description: 'holds a control character: leave it out' },
  'string.uuid': notAUuid,
  // The nil UUID: what a client sends that forgot to fill it in.
  'string.not_in': notAUuid,
  'repeated.min_items': { reason: 'REQUIRED', description: 'is empty: …' },
  'repeated.max_items': { reason: 'TOO_MANY', description: '…: send several requests' },
  'enum.defined_only': {
    reason: 'UNKNOWN_STATE',
    description: 'is not a state of the contract: leave it out for any',
  },
  'int32.gte': { reason: 'NEGATIVE', description: 'is negative: give 0 for the default' },
  'timestamp.gte_lte': { reason: 'BAD_TIME', description: 'is not a time: give a year from 1 to 9999' },
};

/** A broken rule, given its id and what protovalidate says of it, as callers are told. */
export const reasonOfRule = (ruleId: string, message: string): Reason => {
  const known = reasons[ruleId];
  return known
    ? { ...known, description: known.description.replace('…', message) }
    : { reason: ruleId, description: message };
};
