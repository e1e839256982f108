-- A message may be told in several channels: each has its own word about it. What was told before there were several was
-- told in the channel of SLACK_WEBHOOK_URL, whose name is `default`.
alter table notifier.inbox
    add column channel text not null default 'default',
    -- The post under way, or the last one of which nobody knows whether it came through: what was posted together is
    -- told again together, as many as there were.
    add column post uuid,
    add column post_size integer,
    add check ((post is null) = (post_size is null));
alter table notifier.inbox alter column channel drop default;
-- A claim of before may have been posted. Its claimant, if it still runs, can mark nothing in this schema: the number that it
-- does not know keeps it from posting, too.
update notifier.inbox set post = gen_random_uuid(), post_size = 1, claims = claims + 1 where state = 'CLAIMED';
alter table notifier.inbox drop constraint inbox_pkey;
alter table notifier.inbox add primary key (id, channel);

-- For the purge, which deletes by age. `claimed_at` stays as it is when a message is marked, so that this update is HOT.
create index inbox_by_claimed_at on notifier.inbox (claimed_at);

-- A digest claims, posts and marks up to 1,000 rows that lie together, and each page has to hold both versions of all of
-- its rows. HOT of these updates with 70 and with 50 percent: 63 and 95 in digests of 1,000, 73 and 97 of 100, 100 of fewer.
alter table notifier.inbox set (fillfactor = 50);

-- The pace of each channel, shared by all notifiers.
create table notifier.channel (
    name   text primary key,
    -- When the posts so far are paid off, one interval each (the "theoretical arrival time" of GCRA).
    due_at timestamptz not null
);
