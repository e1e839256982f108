import type { ClientBase } from 'pg';

/**
 * Behind every number that was given out, here or where the log comes from: parked messages keep theirs, and what is appended
 * from now on has to follow them. A copy of rows alone does not move a sequence.
 */
const raiseSequence = `
select setval('outbox.message_seq', greatest(
  (select last_value from outbox.message_seq),
  (select max(seq) from outbox.message),
  (select max(seq) from outbox.parked)))`;

/** The same for the requests, which keep their numbers: the next one would be refused as a duplicate. */
const raiseRequestNumber = `
select setval(pg_get_serial_sequence('outbox.request', 'number'), greatest(
  nextval(pg_get_serial_sequence('outbox.request', 'number')), (select max(number) + 1 from outbox.request)), false)`;

/** As the migration writes them: an empty snapshot, of which nothing is published. */
const firstCheckpoints = `
insert into outbox.checkpoint (lane, done, "window", pos, count, system_identifier, timeline)
select lane, '1:1:', '1:1:', 0, 0, (select system_identifier from pg_control_system()),
       (select timeline_id from pg_control_checkpoint())
  from generate_series(0, 15) as lane`;

/** Leaves an empty log of this cluster, numbered on. Under the exclusive lock of the adoption. */
export async function startOver(client: ClientBase): Promise<void> {
  await client.query(raiseSequence);
  await client.query(raiseRequestNumber);
  await client.query('truncate outbox.message, outbox.checkpoint');
  await client.query(firstCheckpoints);
}
