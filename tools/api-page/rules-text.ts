import { getOption, hasOption } from '@bufbuild/protobuf';
import type { DescField } from '@bufbuild/protobuf';
import { field as fieldRules, Ignore } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { FieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

type Typed<Case extends FieldRules['type']['case']> = Extract<FieldRules['type'], { case: Case }>['value'];

/** No control characters: a class that people need not decipher. */
const noControlCharacters = '^\\P{Cc}*$';

/** What the service checks of a field, in words; empty without rules. Those that mean nothing to a caller are left out. */
export const rulesText = (field: DescField): string => {
  if (!hasOption(field, fieldRules)) return '';
  const rules = getOption(field, fieldRules);
  const optional = rules.ignore === Ignore.IF_ZERO_VALUE;
  return [
    rules.required ? 'required' : '',
    optional ? 'may be left out' : '',
    ...typedTexts(rules),
    ...rules.cel.map(({ message }) => message),
  ]
    .filter(Boolean)
    .join('; ');
};

const typedTexts = ({ type }: FieldRules): string[] => {
  if (type.case === 'string') return stringTexts(type.value);
  if (type.case === 'int32') return int32Texts(type.value);
  if (type.case === 'enum') return [type.value.definedOnly ? 'one of its values' : ''];
  if (type.case === 'repeated') return [rangeText(type.value.minItems, type.value.maxItems, 'items')];
  return [];
};

const stringTexts = (rules: Typed<'string'>): string[] => [
  rules.wellKnown.case === 'uuid' ? 'a UUID' : '',
  ...rules.notIn.map((value) => `not \`${value}\``),
  rangeText(rules.minLen, rules.maxLen, 'characters'),
  rangeText(rules.minBytes, rules.maxBytes, 'bytes'),
  patternText(rules.pattern),
];

const patternText = (pattern: string): string => {
  if (pattern === noControlCharacters) return 'no control characters';
  return pattern === '' ? '' : `matches \`${pattern}\``;
};

/** A bound that is not set is 0. */
const rangeText = (least: bigint, most: bigint, noun: string): string => {
  if (most === 0n) return least === 0n ? '' : `at least ${least} ${noun}`;
  return least === 0n ? `at most ${most} ${noun}` : `${least} to ${most} ${noun}`;
};

const int32Texts = ({ greaterThan, lessThan }: Typed<'int32'>): string[] => [
  greaterThan.case === 'gte' ? `at least ${greaterThan.value}` : '',
  lessThan.case === 'lte' ? `at most ${lessThan.value}` : '',
];
