-- A message costs its writer less. Processor time of the database, PostgreSQL 18, a message a transaction, in turns; 13 µs of each
-- are the insert into a table without anything: an insert 72 µs, now 48; `outbox.append` of one 77, now 56; of arrays of
-- one, by which MikroORM appended until now, 118, now 88.
--
-- What a row must be is checked by the trigger from now on: PostgreSQL reads, plans and compiles the expression of a CHECK anew for
-- every statement, 18 µs for these four, and a trigger's once for a session. Nobody writes a row past the trigger: it gives
-- the columns that must not be null.
--
-- Open transactions that have appended are waited for, and new ones are held for as long. Not longer than 3 s: the start is
-- tried again. So none goes on in the middle with a setting of the trigger of before.
set local lock_timeout = '3s';
alter table outbox.message
  drop constraint message_lane_check,
  drop constraint message_topic_check,
  drop constraint message_headers_check,
  drop constraint message_created_at_check;

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
--
-- Functions are called by assignments: a PERFORM is a query, which is planned once but started and ended each time.
create or replace function outbox.number_message() returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  hash     bigint := outbox.key_hash(new.key);
  -- Empty, 'buckets', or how many messages were appended in the mode of keys.
  chosen   text := coalesce(current_setting('outbox.lock_mode', true), '');
  appended integer;
  locked   boolean;
begin
  if new.key is null then
    raise exception 'key is null: a message needs a key, by which it is ordered' using errcode = 'not_null_violation';
  end if;
  -- A message that Kafka refuses is parked under an index on both, whose rows have a limit of 2,704 bytes.
  if octet_length(new.key) > 1024 then
    raise exception 'key has % bytes: at most 1,024 can be kept in order', octet_length(new.key)
      using errcode = 'program_limit_exceeded', hint = 'Take a shorter name of what the message is about, or a hash of it.';
  end if;
  if new.topic = '' then
    raise exception 'topic is empty: a message needs one' using errcode = 'check_violation';
  end if;
  if length(new.topic) > 249 then
    raise exception 'topic has % characters: Kafka takes at most 249', length(new.topic)
      using errcode = 'program_limit_exceeded';
  end if;
  -- Strings only: one header that Kafka cannot carry would hold up every key behind it. Strict, or an array of
  -- strings passes for them.
  if jsonb_typeof(new.headers) <> 'object' or jsonb_path_exists(new.headers, 'strict $.* ? (@.type() != "string")') then
    raise exception 'headers are not an object of strings' using errcode = 'check_violation';
  end if;
  -- A time that every reader can hold: JavaScript's end at the year 275760, RFC 3339 knows four digits.
  if new.created_at < '0001-01-01 00:00:00+00' or new.created_at >= '10000-01-01 00:00:00+00' then
    raise exception 'created_at is not within the years 1 to 9999' using errcode = 'check_violation';
  end if;
  if current_setting('synchronous_commit') = 'off' then
    raise exception 'synchronous_commit is off: the message could be published and its transaction lost in a crash'
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'Set synchronous_commit to on (or local, remote_write, remote_apply) for transactions that append messages.';
  end if;

  if chosen = 'buckets' then
    locked := pg_advisory_xact_lock(1329747969, (hash & 1023)::integer) is not null;
  else
    appended := coalesce(nullif(chosen, ''), '0')::integer + 1;
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
    chosen := set_config('outbox.lock_mode', appended::text, true);
    locked := pg_advisory_xact_lock_shared(1329747969, (hash & 1023)::integer) is not null;
    locked := pg_advisory_xact_lock(hash) is not null;
  end if;

  -- The transaction's own id, also inside a savepoint (xmin would be the savepoint's). First the id, then the number:
  -- the bounds of a relay's scan rest on it.
  new.xid  := pg_current_xact_id();
  new.seq  := nextval('outbox.message_seq');
  new.lane := (hash & 15)::smallint;
  return new;
end $$;

-- Appends many messages in one statement: ordered by bucket and key, so that two writers lock in the same order, and
-- each key's messages in the order given. Arrays of equal length; a null header or id takes the default. Keys are counted
-- where there may be more than 64 of them, and no sooner: that is a query of its own.
create or replace function outbox.append(topics text[], keys text[], types text[], payloads bytea[], headers jsonb[], ids uuid[])
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  mode text;
begin
  if cardinality(keys) > 64 and coalesce(current_setting('outbox.lock_mode', true), '') = ''
     and (select count(distinct key) from unnest(keys) as key) > 64 then
    mode := set_config('outbox.lock_mode', 'buckets', true);
  end if;
  insert into outbox.message (id, topic, key, type, payload, headers)
  select coalesce(message.id, gen_random_uuid()), message.topic, message.key, message.type, message.payload,
         coalesce(message.headers, '{}')
    from unnest(topics, keys, types, payloads, headers, ids) with ordinality
      as message(topic, key, type, payload, headers, id, place)
   order by outbox.key_hash(message.key) & 1023, message.key, message.place;
end $$;
