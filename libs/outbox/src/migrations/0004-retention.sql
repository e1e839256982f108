-- Emptying the ring, and what it takes to adopt a log that was copied from another cluster.
--
-- A slot is a unit of 12 hours mod 16 (the default of `slot` in the tables). It is emptied by TRUNCATE of its partition:
-- nothing is left to be vacuumed, and neither the parent nor any other partition is locked, so that writers go on. Each of the
-- functions below is one short transaction when it is called as one statement, autocommitted, in the simple protocol: then it
-- comes to its end on the server whatever has become of the client, and no lock of it stays.

-- Whether the latest unit of a slot ended longer ago than `retention`, at the time `at`. A slot that could not be emptied in
-- time is simply used again; then it holds rows of two units, and is old when the later of them is.
create function outbox.slot_is_old(slot integer, retention interval, at timestamptz) returns boolean
  language sql stable strict
  begin atomic
    select to_timestamp((unit.latest + 1) * 43200) + slot_is_old.retention < slot_is_old.at
      from (select extract(epoch from slot_is_old.at)::bigint / 43200 as present) as clock
     cross join lateral (select clock.present - (clock.present - slot_is_old.slot + 16) % 16 as latest) as unit;
  end;

-- What has to be so for any emptying. The lock tells the checks apart from what they are about: rows that came before it are
-- seen by the statements after it, in READ COMMITTED only. A retention below an hour would empty the slot in use.
create function outbox.check_emptying(slot integer, retention interval) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a slot is emptied in READ COMMITTED alone: an older snapshot would not see the newest rows in it'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  if slot not between 0 and 15 or retention < interval '1 hour' or slot is null or retention is null then
    raise exception 'slot % with a retention of %: a slot is 0 to 15, a retention one hour or more', slot, retention
      using errcode = 'invalid_parameter_value';
  end if;
end $$;

-- A lane that does not let a slot of messages go, or null; one that has still to publish before others. Costs for each lane
-- one probe of the index on (lane, xid, seq), for its last transaction in the slot, and one of each index on (lane, number),
-- for its newest checkpoint.
--
-- `xid < xmin(done)` is less than "published", and is enough for all rows of the lane at once. `published` tells the two apart:
-- then all that is missing is a checkpoint behind the end of the transactions that were open with the last one, anybody's. A
-- position of another cluster says nothing.
create function outbox.lane_behind(slot integer, out lane integer, out published boolean)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  execute format(
    'select lane.lane, coalesce(pg_visible_in_snapshot(last.xid, newest.done)
                                or pg_visible_in_snapshot(last.xid, newest."window") and last.seq <= newest.pos, false)
       from generate_series(0, 15) as lane(lane)
      cross join lateral (select message.xid, message.seq from outbox.message_%s as message
                           where message.lane = lane.lane::smallint order by message.xid desc, message.seq desc limit 1) as last
       left join lateral (select checkpoint.* from outbox.checkpoint
                           where checkpoint.lane = lane.lane::smallint order by checkpoint.number desc limit 1) as newest on true
      where newest.done is null or last.xid >= pg_snapshot_xmin(newest.done)
         or newest.system_identifier <> (select system_identifier from pg_control_system())
      order by 2 limit 1', lane_behind.slot) into lane_behind.lane, lane_behind.published;
end $$;

-- Empties a slot of messages, if it is old and published in every lane; by one relay at a time. Tells what came of it:
--   young        not old yet
--   empty        nothing in it
--   elsewhere    another relay is at it
--   unpublished  `lane` has rows in it that are not published
--   unsettled    the last of them are, but a transaction that began before them was open at the newest checkpoint of `lane`
--   busy         somebody holds the partition: one that wrote into it and is still open, or a reader, for this moment
--   emptied      done; `bytes` is what it had, with indexes
--
-- First without a lock, so that a slot which is not ready costs nobody anything; then again under it, for rows that came in
-- between. No lock is waited for, as everybody else would wait behind: NOWAIT, and 100 ms for what TRUNCATE itself takes (the
-- partition's TOAST table may be under vacuum). From the lock to the end of the transaction pass some milliseconds, in which
-- readers of the log wait; writers write into another slot. The commit waits for no standby. Parked messages are copies and
-- hold no slot.
create function outbox.empty_slot(slot integer, retention interval, at timestamptz default clock_timestamp(),
                                  out outcome text, out lane integer, out bytes bigint)
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '100ms'
  set enable_seqscan = off
as $$
declare
  leaf   text := format('outbox.message_%s', empty_slot.slot);
  behind record;
begin
  perform outbox.check_emptying(slot, retention);
  outcome := 'young';
  if not outbox.slot_is_old(slot, retention, at) then return; end if;
  outcome := 'elsewhere';
  if not pg_try_advisory_xact_lock(1329747973, 0) then return; end if;

  perform set_config('synchronous_commit', 'local', true);
  bytes := pg_total_relation_size(leaf);
  outcome := 'empty';
  if pg_relation_size(leaf) = 0 then return; end if;
  for attempt in 1..2 loop
    if attempt = 2 then
      execute format('lock table only %s in access exclusive mode nowait', leaf);
    end if;
    select * into behind from outbox.lane_behind(slot);
    if behind.lane is not null then
      lane := behind.lane;
      outcome := case when behind.published then 'unsettled' else 'unpublished' end;
      return;
    end if;
  end loop;
  execute format('truncate only %s', leaf);
  outcome := 'emptied';
exception when lock_not_available then
  outcome := 'busy';
end $$;

-- Empties a slot of checkpoints, if it is old: as above. A lane whose newest checkpoint lies in it keeps its position: that is
-- appended again, in the slot of the present, before the old one goes. The owners of lanes are kept from writing a newer
-- one in between, for those some milliseconds, by the lock on the parent: a position that went back would repeat messages.
create function outbox.empty_checkpoint_slot(slot integer, retention interval, at timestamptz default clock_timestamp(),
                                             out outcome text, out bytes bigint)
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '100ms'
  set enable_seqscan = off
as $$
declare
  leaf text := format('outbox.checkpoint_%s', empty_checkpoint_slot.slot);
begin
  perform outbox.check_emptying(slot, retention);
  outcome := 'young';
  if not outbox.slot_is_old(slot, retention, at) then return; end if;
  outcome := 'elsewhere';
  if not pg_try_advisory_xact_lock(1329747973, 0) then return; end if;

  perform set_config('synchronous_commit', 'local', true);
  bytes := pg_total_relation_size(leaf);
  outcome := 'empty';
  if pg_relation_size(leaf) = 0 then return; end if;
  execute format('lock table only %s in access exclusive mode nowait', leaf);
  lock table only outbox.checkpoint in share row exclusive mode nowait;
  perform outbox.carry_positions(slot, at);
  execute format('truncate only %s', leaf);
  outcome := 'emptied';
exception when lock_not_available then
  outcome := 'busy';
end $$;

-- Appends the newest checkpoint of each lane again, where it lies in `slot`. It says when it was first written, so that
-- message_status goes on telling when its messages were published.
create function outbox.carry_positions(slot integer, at timestamptz) returns void
  language sql
  set search_path = pg_catalog, pg_temp
  begin atomic
    insert into outbox.checkpoint (lane, done, "window", pos, count, floor, next_floor, ceiling, published_at, system_identifier, timeline, slot)
    select newest.lane, newest.done, newest."window", newest.pos, 0, newest.floor, newest.next_floor, newest.ceiling,
           newest.published_at, newest.system_identifier, newest.timeline,
           (extract(epoch from carry_positions.at)::bigint / 43200 % 16)::smallint
      from generate_series(0, 15) as lane(lane)
     cross join lateral (select checkpoint.* from outbox.checkpoint
                          where checkpoint.lane = lane.lane::smallint order by checkpoint.number desc limit 1) as newest
     where newest.slot = carry_positions.slot;
  end;

revoke execute on function outbox.empty_slot, outbox.empty_checkpoint_slot, outbox.carry_positions, outbox.lane_behind,
                           outbox.check_emptying from public;

-- Finished requests are deleted by their age, as settled parked messages are.
create index request_by_finish on outbox.request (finished_at) where finished_at is not null;

-- The log as it was before it was adopted, for people to look at and to remove.
create table outbox.set_aside (
  like outbox.message,
  -- Whether it was appended again.
  adopted      boolean     not null,
  -- Whether it was written in this cluster, after the copy: then it came after all that was copied.
  native       boolean     not null,
  set_aside_at timestamptz not null default now()
);
