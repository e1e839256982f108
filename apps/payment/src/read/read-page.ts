import { inTransaction } from '../database/in-transaction.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import type { CallContext } from '../call/call-context.ts';
import type { PageTokenKey } from './page-token-key.ts';
import { readPageToken, writePageToken } from './page-token.ts';
import type { Position } from './page-token.ts';
import { readListRequest } from './read-list-request.ts';
import type { Asked, ListFilters } from './read-list-request.ts';

/** What lists need. */
export type ListOptions = { database: Database; pageTokenKey: PageTokenKey };

/** Which rows are wanted. */
export type Wanted = { em: UnitOfWork; filters: ListFilters; after?: Position; limit: number };

/**
 * Reads the page that a list request asks for. One row more is read than the page has, which tells whether another page
 * follows.
 * @param list.find gives the rows after `after`, the newest first, `limit` at most
 * @throws PaymentError
 */
export const readPage = async <Row>(
  { database, pageTokenKey }: ListOptions,
  { asked, context }: { asked: Asked; context: CallContext },
  list: { find: (wanted: Wanted) => Promise<Row[]>; positionOf: (row: Row) => Position },
): Promise<{ rows: Row[]; nextPageToken: string }> => {
  const { filters, pageSize } = readListRequest(asked, context.caller);
  const scope = { list: asked.$typeName, subject: context.caller.subject, filters };
  return inTransaction({ database, context, readOnly: true }, async (em) => {
    const key = await pageTokenKey(em);
    const after = asked.pageToken === '' ? undefined : readPageToken(key, scope, asked.pageToken);
    const found = await list.find({ em, filters, limit: pageSize + 1, ...(after && { after }) });
    const rows = found.slice(0, pageSize);
    const last = found.length > pageSize ? rows.at(-1) : undefined;
    return { rows, nextPageToken: last ? writePageToken(key, scope, list.positionOf(last)) : '' };
  });
};
