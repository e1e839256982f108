import { raw } from '@mikro-orm/core';
import type { Position } from './page-token.ts';
import type { ListFilters } from './read-list-request.ts';

/** A property and its column, and the one value that is wanted. */
type Equal = readonly [property: 'userId' | 'reservationId' | 'state', column: string, value: string];

/** The filters that an index begins with. Of a user's payments of one reservation the reservation has fewer. */
const indexedFilters = ({ userId, reservationId, state }: ListFilters): Equal[] => [
  ...(reservationId !== undefined
    ? [['reservationId', 'reservation_id', reservationId] as const]
    : userId !== undefined
      ? [['userId', 'user_id', userId] as const]
      : []),
  ...(state !== undefined ? [['state', 'state', state] as const] : []),
];

/** The filter that no index begins with beside the reservation's. */
const restOf = ({ userId, reservationId }: ListFilters) =>
  userId !== undefined && reservationId !== undefined ? { userId } : {};

type Operator = '<' | '<=' | '>=';

/** Compares columns with values as one row: none of them means no bound. */
const compare = (columns: readonly string[], operator: Operator, values: readonly string[]): object => {
  const places = values.map(() => '?').join(', ');
  const row = (alias: string) => columns.map((column) => `${alias}.${column}`).join(', ');
  return columns.length === 0
    ? {}
    : { [raw((alias) => `(${row(alias)}) ${operator} (${places})`, values)]: [] };
};

/** JavaScript writes years beyond 9999 in a way that PostgreSQL does not read; no row is of the last millisecond before. */
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const isoTime = (ms: number): string => new Date(Math.min(ms, lastMs)).toISOString();

/** The last row that may be on the page, as the highest end of an index range. */
const highest = (idColumn: string, { until }: ListFilters, after?: Position) => {
  if (after)
    return {
      columns: ['created_at', idColumn],
      operator: '<',
      values: [isoTime(after.createdAt), after.id],
    } as const;
  if (until !== undefined)
    return { columns: ['created_at'], operator: '<', values: [isoTime(until)] } as const;
  return { columns: [], operator: '<=', values: [] } as const;
};

/**
 * Which rows of a list come after `after`, and their order, the newest first: as one range of one index, which PostgreSQL
 * reads from its upper end for as long as the page is.
 *
 * The filters are compared together with the time, as rows, and are part of the order, instead of being set equal. What is
 * set equal leaves PostgreSQL the choice between indexes, and it chooses wrongly: it takes filters for independent, expects
 * many COMPLETED payments of a reservation that was tried ten thousand times, and looks for them from the newest payment of
 * all on. Measured in `list-cost.int.spec.ts`.
 * @param idColumn orders rows of the same millisecond
 */
export const listRange = (idColumn: 'payment_id' | 'history_id', filters: ListFilters, after?: Position) => {
  const indexed = indexedFilters(filters);
  const columns = indexed.map(([, column]) => column);
  const values = indexed.map(([, , value]) => value);
  const high = highest(idColumn, filters, after);
  const low =
    filters.from === undefined
      ? { columns: [], values: [] }
      : { columns: ['created_at'], values: [isoTime(filters.from)] };
  return {
    where: {
      $and: [
        compare([...columns, ...high.columns], high.operator, [...values, ...high.values]),
        compare([...columns, ...low.columns], '>=', [...values, ...low.values]),
        restOf(filters),
      ],
    },
    orderBy: [
      ...indexed.map(([property]) => ({ [property]: 'desc' as const })),
      { createdAt: 'desc' as const },
    ],
  };
};
