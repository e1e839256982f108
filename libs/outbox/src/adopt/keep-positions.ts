import type { ClientBase } from 'pg';
import { OutboxError } from '../errors.ts';

/**
 * What speaks against it that this server kept the transaction ids of the log: ids in positions or rows, or numbers, that it has not
 * given out yet, or rows that one of its transactions wrote for several others, as a COPY does, or for one with an id above its
 * own: of a row that was written here `xmin` is the transaction in the column `xid`, or a savepoint of it, whose id is higher. The
 * log is read in whole.
 */
const objections = `
with clock as (select pg_snapshot_xmax(pg_current_snapshot()) as next),
newest as (select distinct on (lane) * from outbox.checkpoint order by lane, number desc)
select exists (select from newest, clock
                where greatest(pg_snapshot_xmax(done), pg_snapshot_xmax("window")) > clock.next)
       or exists (select from outbox.message, clock where xid >= clock.next)
       or exists (select from newest, outbox.message_seq where greatest(floor, next_floor) > last_value) as ahead,
       exists (select from outbox.message group by xmin::text
               having min(xid) <> max(xid)
                   or (xmin::text::bigint - (max(xid)::text::numeric % 4294967296)::bigint) & 4294967295 >= 2147483648) as copied,
       (select count(*) < 16 from newest) as missing`;

/** The identity's counter too may be behind the rows. */
const raiseNumber = `
select setval(pg_get_serial_sequence('outbox.checkpoint', 'number'), greatest(
  nextval(pg_get_serial_sequence('outbox.checkpoint', 'number')), (select max(number) from outbox.checkpoint)))`;

const sameAgain = `
insert into outbox.checkpoint (lane, done, "window", pos, count, floor, next_floor, ceiling, published_at, system_identifier, timeline)
select lane, done, "window", pos, 0, floor, next_floor, ceiling, published_at, (select system_identifier from pg_control_system()),
       (select timeline_id from pg_control_checkpoint())
  from (select distinct on (lane) * from outbox.checkpoint order by lane, number desc) as newest`;

/**
 * Appends each lane's position again as this cluster's own.
 * @throws {OutboxError} MISUSE when this server did not keep the transaction ids.
 */
export async function keepPositions(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ ahead: boolean; copied: boolean; missing: boolean }>(objections);
  const reason = rows[0] && reasonOf(rows[0]);
  if (reason) {
    throw new OutboxError(
      'MISUSE',
      `The position cannot be kept: ${reason}. Adopt without it: npm run outbox -- adopt`,
    );
  }
  await client.query(raiseNumber);
  await client.query(sameAgain);
}

function reasonOf(found: { ahead: boolean; copied: boolean; missing: boolean }): string | undefined {
  if (found.missing) return 'outbox.checkpoint has no row for some lanes';
  if (found.ahead)
    return 'the log names transactions or numbers that this server has not given out yet, so it was not upgraded by pg_upgrade';
  if (found.copied)
    return 'the rows of the log were copied here, so they do not have the transactions that they name';
  return undefined;
}
