import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The last row of a page: the next page begins after it. */
export type Position = {
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** The row's id, which orders rows of the same millisecond. */
  id: string;
};

const tokenContent = z.tuple([z.string(), z.int(), z.string()]);

/** Tells filters apart, so that a token of one list is not taken for another's place. */
const fingerprint = (filters: unknown): string =>
  createHash('sha256').update(JSON.stringify(filters)).digest('base64url').slice(0, 11);

/** Makes the opaque token that leads on from `position` in the list with these filters. */
export const writePageToken = (filters: unknown, { createdAt, id }: Position): string =>
  Buffer.from(JSON.stringify([fingerprint(filters), createdAt, id])).toString('base64url');

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Reads a token. `isId` says whether an id can be one of this list's. Undefined: it is none of ours, or of another list. */
export const readPageToken = (options: {
  token: string;
  filters: unknown;
  isId: (id: string) => boolean;
}): Position | undefined => {
  const text = Buffer.from(options.token, 'base64url').toString('utf8');
  const parsed = tokenContent.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const [print, createdAt, id] = parsed.data;
  const fits = print === fingerprint(options.filters) && options.isId(id) && Math.abs(createdAt) <= 8.64e15;
  return fits ? { createdAt, id } : undefined;
};
