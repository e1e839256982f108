/**
 * Where each lane stands by its newest checkpoint, for the `with` of a statement: one probe of checkpoint's index per lane
 * and partition, 1 ms. A lane without one has nulls.
 */
export const newestPositions = `
position as materialized (
  select lane.lane::smallint as lane, newest.*
    from generate_series(0, 15) as lane(lane)
    left join lateral (select done, "window", pos, ceiling, published_at, system_identifier from outbox.checkpoint
                   where checkpoint.lane = lane.lane::smallint order by number desc limit 1) as newest on true
)`;

/**
 * Whether the lane of `position` has passed a row of `message`. What it has passed is published, unless it is parked.
 * Unlike the view message_status it does not look for the time of it, which reads all checkpoints of the lane.
 */
export const passedByLane = `
(pg_visible_in_snapshot(message.xid, position.done)
 or message.seq <= position.pos and pg_visible_in_snapshot(message.xid, position."window"))`;
