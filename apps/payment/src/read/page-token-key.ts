import type { UnitOfWork } from '../database/in-transaction.ts';

/** Gives the key of page tokens (`page-token.ts`), read by way of this unit of work if need be. */
export type PageTokenKey = (em: UnitOfWork) => Promise<Buffer>;

/**
 * Reads the key at its first use and keeps it. It was made by the migration, in the database, so that all instances have
 * the same one without being told. Tokens of before are refused once there is another: an owner who wants that updates
 * the row and restarts the instances.
 */
export const keepPageTokenKey = (): PageTokenKey => {
  let kept: Buffer | undefined;
  return async (em) => {
    kept ??= await readKey(em);
    return kept;
  };
};

const readKey = async (em: UnitOfWork): Promise<Buffer> => {
  const [row] = await em.execute<{ key: Buffer }[]>('select key from payment.page_token_key');
  if (!row) throw new Error('payment.page_token_key is empty');
  return row.key;
};
