/** While somebody holds this lock, writers of the key `slow` stand still in the middle of the trigger. */
export const pauseLock = '7, 7';

const trigger = (first: string, second: string) => `
  create or replace function outbox.number_message() returns trigger language plpgsql as $$
  begin
    perform pg_advisory_xact_lock(outbox.key_hash(new.key));
    ${first};
    if new.key = 'slow' then perform pg_advisory_xact_lock(${pauseLock}); end if;
    ${second};
    new.lane := (outbox.key_hash(new.key) & 15)::smallint;
    return new;
  end $$`;

const assignId = 'new.xid := pg_current_xact_id()';
const drawNumber = `new.seq := nextval('outbox.message_seq')`;

/** The trigger's order of doing things, with a pause in the middle. */
export const pausedTrigger = trigger(assignId, drawNumber);

/** Faults to plant, loaded by specs and shipped nowhere. */
export const plantedFaults = {
  /** The order of before: a number below the floor can then belong to a transaction above it. */
  numberBeforeId: trigger(drawNumber, assignId),
};
