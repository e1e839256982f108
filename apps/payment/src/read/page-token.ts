import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { invalidRequest } from '../call/invalid-request.ts';

/** The last row of a page: the next page begins after it. */
export type Position = {
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** The row's id, which orders rows of the same millisecond. */
  id: string;
};

/** What a token belongs to: it leads on in this list alone, with these filters, for this caller. */
export type TokenScope = {
  /** The method. */
  list: string;
  /** The subject of the caller. */
  subject: string;
  filters: object;
};

/**
 * A token is the version, a random nonce, the sealed position and AES-256-GCM's tag: 93 bytes, 124 characters. The
 * position always has the same length, so that a token tells nothing by its own. NIST allows 2^32 random nonces for one
 * key: a thousand tokens a second for seven weeks at odds of 1 in 2^33 that two meet, and what two that meet could show
 * is the place in one's own list.
 */
const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const positionBytes = 64;
const tokenBytes = 1 + nonceBytes + positionBytes + tagBytes;

const algorithm = 'aes-256-gcm';
const positionContent = z.tuple([z.number(), z.string()]);

const boundTo = ({ list, subject, filters }: TokenScope): Buffer =>
  Buffer.from(JSON.stringify([version, list, subject, filters]));

/** Makes the token that leads on from `position`. @param key 32 bytes, the same for all instances */
export const writePageToken = (key: Buffer, scope: TokenScope, { createdAt, id }: Position): string => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(boundTo(scope));
  const position = JSON.stringify([createdAt, id]).padEnd(positionBytes);
  const sealed = Buffer.concat([cipher.update(position, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.of(version), nonce, sealed, cipher.getAuthTag()]).toString('base64url');
};

/** The bytes of a token; undefined if it has another length, version or spelling than the one it was given out with. */
const bytesOf = (token: string): Buffer | undefined => {
  const bytes = Buffer.from(token, 'base64url');
  const isSpelledAsGiven = bytes.toString('base64url') === token;
  return isSpelledAsGiven && bytes.length === tokenBytes && bytes[0] === version ? bytes : undefined;
};

/** Throws what Node throws if a bit of the token or of its scope is another than it was. */
const open = (key: Buffer, scope: TokenScope, bytes: Buffer): string => {
  const nonce = bytes.subarray(1, 1 + nonceBytes);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(boundTo(scope)).setAuthTag(bytes.subarray(-tagBytes));
  return (
    decipher.update(bytes.subarray(1 + nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
  );
};

const opened = (key: Buffer, scope: TokenScope, token: string): string | undefined => {
  const bytes = bytesOf(token);
  try {
    return bytes && open(key, scope, bytes);
  } catch {
    return undefined;
  }
};

const badToken = () =>
  invalidRequest([
    {
      field: 'page_token',
      description:
        'is not a token of this list: pass next_page_token on unchanged, with the filters it was given for',
      reason: 'BAD_PAGE_TOKEN',
    },
  ]);

/**
 * Reads a token.
 * @throws PaymentError INVALID_REQUEST (BAD_PAGE_TOKEN) for whatever this service did not give out for this scope
 */
export const readPageToken = (key: Buffer, scope: TokenScope, token: string): Position => {
  const position = opened(key, scope, token);
  if (position === undefined) throw badToken();
  const [createdAt, id] = positionContent.parse(JSON.parse(position));
  return { createdAt, id };
};
