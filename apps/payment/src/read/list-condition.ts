import type { ListFilters } from './read-list-request.ts';

/** The columns that the filters of both lists speak of. */
export const filterCondition = ({ userId, reservationId, state, from, until }: ListFilters) => ({
  ...(userId !== undefined && { userId }),
  ...(reservationId !== undefined && { reservationId }),
  ...(state !== undefined && { state }),
  ...((from !== undefined || until !== undefined) && {
    createdAt: {
      ...(from !== undefined && { $gte: new Date(from) }),
      ...(until !== undefined && { $lt: new Date(until) }),
    },
  }),
});
