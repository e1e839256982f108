-- Bounds of a window in terms of seq, so that a relay can read it by (lane::integer, seq) and nothing beside it.
--
-- A mark is a number that the sequence had reached before a transaction id was assigned that has since come to its end.
-- The trigger below assigns a message's transaction id before it draws the message's number, so every transaction
-- whose id is higher draws numbers above the mark. In each snapshot taken after that id came to its end xmax is
-- higher than it: what is not visible there because its transaction is `>= xmax` is numbered above the mark. A value of the
-- sequence alone says less: xmax is the highest id that came to its end, and a transaction with a higher one may
-- already be running and own lower numbers.
--
-- No writer may be between its number and its transaction id, in the old order, when the new one is relied on: this waits for
-- the open transactions that have appended, and holds new ones for as long. Not longer than 3 s: the start is tried again.
set local lock_timeout = '3s';
lock table outbox.message in share row exclusive mode;

-- Each checkpoint keeps the bounds of its two snapshots. Null, as in rows of before, means 0 for a floor, and the
-- sequence's value of today for the ceiling. The relay's session does not wait for the disk: a crash may take its last
-- checkpoints, and what an older one says is as true as before. It cannot leave a floor above the sequence, for nextval
-- writes to the server's log before anybody sees its value, and the checkpoint that keeps it comes later in that log.
alter table outbox.checkpoint
  -- Rows whose transaction is `>= xmax(done)` have a seq above `floor`.
  add column floor      bigint,
  -- The same for "window", to be the floor once the window is done.
  add column next_floor bigint,
  -- Every row visible in "window" has a seq up to `ceiling`.
  add column ceiling    bigint;

-- It also refuses what could not be parked.
--
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
create or replace function outbox.number_message() returns trigger
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
  -- A message that Kafka refuses is parked under an index on both, whose rows have a limit of 2,704 bytes.
  if octet_length(new.key) > 1024 then
    raise exception 'key has % bytes: at most 1,024 can be kept in order', octet_length(new.key)
      using errcode = 'program_limit_exceeded', hint = 'Take a shorter name of what the message is about, or a hash of it.';
  end if;
  if length(new.topic) > 249 then
    raise exception 'topic has % characters: Kafka takes at most 249', length(new.topic)
      using errcode = 'program_limit_exceeded';
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

  -- The transaction's own id, also inside a savepoint (xmin would be the savepoint's). First the id, then the number:
  -- the bounds of a relay's scan rest on it.
  new.xid  := pg_current_xact_id();
  new.seq  := nextval('outbox.message_seq');
  new.lane := (hash & 15)::smallint;
  return new;
end $$;
