import { passedByLane } from './newest-positions.ts';

/** In how many places a lane is looked at, and at how many numbers in a row: together 16,384, all lanes taken together. */
const [places, numbers] = [32, 512];

/** The last number given out; a role that may not read the sequence takes the lane's last one, which costs more. */
const lastNumber = `
coalesce(case when has_sequence_privilege('outbox.message_seq', 'select') then pg_sequence_last_value('outbox.message_seq') end,
         (select seq from outbox.message where lane::integer = counted.lane::integer order by seq desc limit 1))`;

/**
 * How many messages of each lane that was `cut` in `counted` wait, for the `with` of a statement: `sampled (lane, waiting)`. Of
 * the numbers from the first that waits to the last given out 512 are looked at in each of 32 places at equal distances,
 * all of them up to 16,384; what waits there stands for what lies between.
 *
 * A number is drawn once, by one lane, so that this reads at most as many rows for all lanes together, and what is uneven
 * between the lanes cancels out in their sum. Numbers rolled back, of other lanes or published already count as what they are
 * in each place: nothing. So the error is how unlike its neighbourhood a place is, and no more than that: a burst in one lane while all
 * others are quiet, or a rollback, of fewer numbers than a 32nd of the backlog may be overlooked, or counted for twice as
 * many. With keys spread over the lanes it stays within 3 %.
 */
export const sampledWaiting = `
sampled as (
  select part.lane, sum(found.waiting)::float8 * part.stretch / part.width as waiting
    from (select counted.*, stretch, least(stretch, ${numbers}) as width from counted
           cross join lateral (select ceil((${lastNumber} - low) / ${places}.0)::bigint as stretch) as numbered
           where cut) as part
   cross join generate_series(0, ${places - 1}) as place
   cross join lateral (select low + place * stretch + (stretch - width) / 2 as start) as at
   cross join lateral (
     select count(*) filter (where not ${passedByLane.replaceAll('position.', 'part.')}) as waiting
       from outbox.message
      where lane::integer = part.lane::integer and seq > at.start and seq <= at.start + part.width
   ) as found
   group by part.lane, part.stretch, part.width
)`;
