import { z } from 'zod';
import { cutShort } from '../event/cut-short.ts';

/** Completes the sentence "routes[1].channel …" when the value is not there, or is not as expected. */
export const must = (be: string, { quote = true } = {}) => ({
  error: ({ input }: { input?: unknown }) => {
    if (input === undefined) return `is not set: it must be ${be}`;
    return `must be ${be}${quote ? `, not ${cutShort(JSON.stringify(input))}` : ''}`;
  },
});

/** No key but those of `shape`: an unknown one is a condition that would silently not be asked for. */
export const only = <T extends z.core.$ZodLooseShape>(what: string, shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has unknown keys: ${cutShort(issue.keys.join(', '))}; ${what} has ${Object.keys(shape).join(', ')}`
        : must(`${what}: { ${Object.keys(shape).join(', ')} }`, { quote: false }).error(issue),
  });

/** A list that is not empty. `what`: its members, in words. */
export const someOf = <T extends z.ZodType>(one: T, what: string) =>
  z.array(one, must(`a list of ${what}`, { quote: false })).min(1, `must hold one of ${what} at least`);

/** One of these names. */
export const oneOf = <const T extends string>(names: readonly T[]) =>
  z.enum(names, must(`one of ${names.join(', ')}`));
