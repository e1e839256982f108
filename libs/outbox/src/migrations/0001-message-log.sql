-- The message log: appended to, never updated, never deleted from; whole partitions are emptied.
--
-- The ring: 16 fixed partitions by `slot`, 12 hours a slot, so that 7 days can be kept while the oldest slots wait to
-- be emptied. The partitions are made once, here: creating, attaching or detaching one later takes a lock on the parent
-- that stops every writer.

create sequence outbox.message_seq as bigint cache 1;

create table outbox.message (
  lane       smallint    not null check (lane between 0 and 15),
  xid        xid8        not null,
  seq        bigint      not null,
  id         uuid        not null default gen_random_uuid(),
  topic      text        not null check (topic <> ''),
  key        text        not null,
  type       text        not null,
  payload    bytea       not null,
  -- Strings only: one header that Kafka cannot carry would hold up every key behind it.
  headers    jsonb       not null default '{}'
             check (jsonb_typeof(headers) = 'object' and not jsonb_path_exists(headers, '$.* ? (@.type() != "string")')),
  -- A time that every reader can hold: JavaScript's end at the year 275760, RFC 3339 knows four digits.
  created_at timestamptz not null default clock_timestamp()
             check (created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'),
  slot       smallint    not null default (extract(epoch from clock_timestamp())::bigint / 43200 % 16)::smallint
) partition by list (slot);

-- What a relay's position is: everything visible in `done` is published; `window` is a newer snapshot being worked
-- through, up to `pos`. Appended to as well: a row updated a hundred times a second becomes slow under a held snapshot.
create table outbox.checkpoint (
  number            bigint      not null generated always as identity,
  lane              smallint    not null check (lane between 0 and 15),
  done              pg_snapshot not null,
  "window"          pg_snapshot not null,
  pos               bigint      not null,
  count             integer     not null,
  published_at      timestamptz not null default clock_timestamp(),
  system_identifier bigint      not null,
  timeline          integer     not null,
  slot              smallint    not null default (extract(epoch from clock_timestamp())::bigint / 43200 % 16)::smallint
) partition by list (slot);

do $$
begin
  for slot in 0..15 loop
    execute format('create table outbox.message_%s partition of outbox.message for values in (%s)', slot, slot);
    execute format('create table outbox.checkpoint_%s partition of outbox.checkpoint for values in (%s)', slot, slot);
  end loop;
end $$;

-- Rows of chosen transactions, and the rows of a small window.
create index message_by_transaction on outbox.message (lane, xid, seq);
-- The rows of a large window, in order and without a sort. It costs the writer about nothing beside the first.
-- Its first column is an expression so that a statement says which index it means, by `lane` or by `lane::integer`: left
-- to choose, the planner read 600,000 retained rows of a lane by this one in an idle round, 293 ms instead of 1 ms.
create index message_by_sequence on outbox.message ((lane::integer), seq);
create index checkpoint_by_number on outbox.checkpoint (lane, number);

-- 64 bits of the key: the lane (hash & 15), the bucket (hash & 1023) and the key's lock all come from it.
-- hashtextextended is the hash of PostgreSQL's hash partitioning, which has to stay the same over server versions.
create function outbox.key_hash(key text) returns bigint
  language sql immutable strict parallel safe
  return hashtextextended(key, 0);

-- Numbers a message under its key's lock. The lock is held to the commit, so the next message of the key is numbered
-- only after this one is committed: the order of seq is the order of commits, for each key.
--
-- Two modes, chosen by a transaction's first append and kept, since going from shared to exclusive deadlocks:
--   keys     shared lock on the key's bucket, exclusive lock on the key: unrelated keys never wait for each other
--   buckets  exclusive lock on the bucket alone: at most 1,024 locks, however many keys
-- `outbox.append` with many keys chooses buckets; everything else is in the mode of keys. The limit of 1,000 keys keeps
-- one transaction from running the server out of lock memory (20,000 exact locks do, at default settings).
--
-- Security definer, so that a writer needs INSERT on the table and nothing on the sequence.
create function outbox.number_message() returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  hash     bigint := outbox.key_hash(new.key);
  bucket   integer := (hash & 1023)::integer;
  chosen   text := coalesce(current_setting('outbox.lock_mode', true), '');
  appended integer;
begin
  if new.key is null then
    raise exception 'key is null: a message needs a key, by which it is ordered' using errcode = 'not_null_violation';
  end if;
  if current_setting('synchronous_commit') = 'off' then
    raise exception 'synchronous_commit is off: the message could be published and its transaction lost in a crash'
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'Set synchronous_commit to on (or local, remote_write, remote_apply) for transactions that append messages.';
  end if;

  if chosen = 'buckets' then
    perform pg_advisory_xact_lock(1329747969, bucket);
  else
    appended := coalesce(nullif(current_setting('outbox.appended', true), ''), '0')::integer + 1;
    if appended > 1000 then
      -- Rows are cheap to count, keys are not: count the locks only when there may be too many.
      select count(*) into appended from pg_locks
       where locktype = 'advisory' and pid = pg_backend_pid() and objsubid = 1 and mode = 'ExclusiveLock';
      if appended >= 1000 then
        raise exception 'this transaction has appended messages of 1,000 keys, one or a few at a time'
          using errcode = 'program_limit_exceeded',
                hint = 'Append them in one call: outbox.append(topics, keys, types, payloads, headers, ids).';
      end if;
      appended := appended + 1;
    end if;
    if chosen = '' then
      perform set_config('outbox.lock_mode', 'keys', true);
    end if;
    perform set_config('outbox.appended', appended::text, true);
    perform pg_advisory_xact_lock_shared(1329747969, bucket);
    perform pg_advisory_xact_lock(hash);
  end if;

  new.seq  := nextval('outbox.message_seq');
  new.lane := (hash & 15)::smallint;
  -- The transaction's own id, also inside a savepoint (xmin would be the savepoint's).
  new.xid  := pg_current_xact_id();
  return new;
end $$;

create trigger number_message before insert on outbox.message
  for each row execute function outbox.number_message();

-- Appends many messages in one statement: ordered by bucket and key, so that two writers lock in the same order, and
-- each key's messages in the order given. Arrays of equal length; a null header or id takes the default.
create function outbox.append(topics text[], keys text[], types text[], payloads bytea[], headers jsonb[], ids uuid[])
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('outbox.lock_mode', true), '') = ''
     and (select count(distinct key) from unnest(keys) as key) > 64 then
    perform set_config('outbox.lock_mode', 'buckets', true);
  end if;
  insert into outbox.message (id, topic, key, type, payload, headers)
  select coalesce(message.id, gen_random_uuid()), message.topic, message.key, message.type, message.payload,
         coalesce(message.headers, '{}')
    from unnest(topics, keys, types, payloads, headers, ids) with ordinality
      as message(topic, key, type, payload, headers, id, place)
   order by outbox.key_hash(message.key) & 1023, message.key, message.place;
end $$;

-- Appends one message and returns its id. Append last in a transaction: the key stays locked to its end.
-- It returns its argument and not the row's id, for which a writer would need the right to read messages.
create function outbox.append(topic text, key text, type text, payload bytea, headers jsonb default '{}', id uuid default gen_random_uuid())
  returns uuid
  language sql
  begin atomic
    insert into outbox.message (id, topic, key, type, payload, headers)
    values (append.id, append.topic, append.key, append.type, append.payload, append.headers);
    select append.id;
  end;

-- Writers may come before the first relay: every lane starts at the empty snapshot, which has published nothing.
insert into outbox.checkpoint (lane, done, "window", pos, count, system_identifier, timeline)
select lane, '1:1:', '1:1:', 0, 0, (select system_identifier from pg_control_system()),
       (select timeline_id from pg_control_checkpoint())
  from generate_series(0, 15) as lane;

-- What became of each message. A message lies in exactly one window of its lane; the first checkpoint there that reached
-- its seq tells when it was published. Meant for looking up some messages, not for counting all of them.
create view outbox.message_status as
select message.id, message.topic, message.key, message.type, message.seq, message.created_at,
       case when published.at is not null or pg_visible_in_snapshot(message.xid, latest.done)
            then 'PUBLISHED' else 'INIT' end as status,
       published.at as published_at
  from outbox.message
  join lateral (select checkpoint.done from outbox.checkpoint
                 where checkpoint.lane = message.lane order by checkpoint.number desc limit 1) as latest on true
  left join lateral (select min(checkpoint.published_at) as at from outbox.checkpoint
                      where checkpoint.lane = message.lane and checkpoint.pos >= message.seq
                        and pg_visible_in_snapshot(message.xid, checkpoint."window")
                        and not pg_visible_in_snapshot(message.xid, checkpoint.done)) as published on true;
