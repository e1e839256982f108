-- Messages that Kafka refused for good, those that have to wait behind them, and what people ask for.
--
-- People insert requests. All else the owner of a lane alone writes for that lane, on the connection that holds the lane's
-- lock; what was settled long ago any relay deletes. These tables are small and are updated in place, unlike the log.

create table outbox.parked (
  -- Its number in the log: the order of a key.
  seq        bigint      primary key,
  lane       smallint    not null check (lane between 0 and 15),
  id         uuid        not null,
  topic      text        not null,
  key        text        not null,
  type       text        not null,
  payload    bytea       not null,
  headers    jsonb       not null,
  created_at timestamptz not null,
  -- MESSAGE  Kafka refused this one; it holds up its (topic, key)
  -- FOLLOWS  behind one of its (topic, key) that is parked
  -- TOPIC    nothing of its topic can be published for now; tried again by itself
  cause      text        not null check (cause in ('MESSAGE', 'FOLLOWS', 'TOPIC')),
  -- The name of the error and its text; of the message ahead, where this one follows.
  code       text        not null,
  error      text        not null,
  parked_at  timestamptz not null default clock_timestamp(),
  state      text        not null default 'PARKED' check (state in ('PARKED', 'PUBLISHED', 'DISCARDED')),
  settled_at timestamptz check ((settled_at is null) = (state = 'PARKED'))
);

-- What waits, of a key and of a topic, in order.
create index parked_by_key on outbox.parked (lane, topic, key, seq) where state = 'PARKED';
create index parked_by_topic on outbox.parked (lane, topic, seq) where state = 'PARKED' and cause = 'TOPIC';
create index parked_by_id on outbox.parked (id);
create index parked_by_settling on outbox.parked (settled_at) where state <> 'PARKED';

-- What people ask of a lane's owner, who carries it out between two batches: a command that sent by itself would race it.
create table outbox.request (
  number       bigint      primary key generated always as identity,
  lane         smallint    not null check (lane between 0 and 15),
  -- RELEASE    publishes what is parked: of `key`, of `topic`, of both, or all where both are null
  -- DISCARD    gives up the parked message `seq`
  -- REPUBLISH  publishes again what was published and created at `since` or later, of `key` where one is given
  kind         text        not null check (kind in ('RELEASE', 'DISCARD', 'REPUBLISH')),
  topic        text,
  key          text,
  seq          bigint      check ((seq is not null) = (kind = 'DISCARD')),
  since        timestamptz check ((since is not null) = (kind = 'REPUBLISH')),
  requested_at timestamptz not null default clock_timestamp(),
  requested_by text        not null default session_user,
  -- How far it is: messages carried out, and the last seq of a REPUBLISH looked at.
  count        bigint      not null default 0,
  pos          bigint      not null default 0,
  finished_at  timestamptz,
  -- What became of it, in a sentence.
  outcome      text        check ((outcome is not null) = (finished_at is not null))
);

create index request_waiting on outbox.request (lane, number) where finished_at is null;

-- As before, and what became of the parked ones: their own state outweighs that their lane has passed them.
create or replace view outbox.message_status as
select message.id, message.topic, message.key, message.type, message.seq, message.created_at,
       coalesce(parked.state, case when published.at is not null or pg_visible_in_snapshot(message.xid, latest.done)
                                   then 'PUBLISHED' else 'INIT' end) as status,
       case when parked.state is null then published.at
            when parked.state = 'PUBLISHED' then parked.settled_at end as published_at
  from outbox.message
  left join outbox.parked using (seq)
  join lateral (select checkpoint.done from outbox.checkpoint
                 where checkpoint.lane = message.lane order by checkpoint.number desc limit 1) as latest on true
  left join lateral (select min(checkpoint.published_at) as at from outbox.checkpoint
                      where checkpoint.lane = message.lane and checkpoint.pos >= message.seq
                        and pg_visible_in_snapshot(message.xid, checkpoint."window")
                        and not pg_visible_in_snapshot(message.xid, checkpoint.done)) as published on true;
