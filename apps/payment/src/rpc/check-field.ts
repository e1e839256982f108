import type { Violation } from '../payment-error.ts';

/** The longest id, in characters (Unicode code points, as PostgreSQL's `char_length` counts them). */
const maxIdLength = 200;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const nilUuid = '00000000-0000-0000-0000-000000000000';

/** Checks an id that the caller chose: not empty, not too long, no control characters (PostgreSQL stores no NUL). */
export const checkId = (field: string, id: string): Violation[] => {
  const length = [...id].length;
  if (length === 0) return [{ field, description: 'is empty: give an id', reason: 'REQUIRED' }];
  if (length > maxIdLength) {
    const description = `has ${length} characters: give ${maxIdLength} at most`;
    return [{ field, description, reason: 'TOO_LONG' }];
  }
  return /\p{Cc}/u.test(id)
    ? [{ field, description: 'holds a control character: leave it out', reason: 'CONTROL_CHARACTER' }]
    : [];
};

/** Whether a text is spelled as a UUID. */
export const isUuid = (text: string): boolean => uuid.test(text);

/** Checks a UUID of any version. The nil UUID is what a client sends that forgot to fill it in. */
export const checkUuid = (field: string, text: string): Violation[] =>
  isUuid(text) && text !== nilUuid
    ? []
    : [
        {
          field,
          description: 'must be a UUID, such as 3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
          reason: 'NOT_A_UUID',
        },
      ];
