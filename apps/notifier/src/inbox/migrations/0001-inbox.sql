-- One row for each message that was ever taken up, by the message's id. It must outlive the outbox and the topic
-- together: a republished message is known by it.
create table notifier.inbox (
    id          uuid primary key,
    state       text not null check (state in ('CLAIMED', 'TOLD', 'REFUSED')),
    -- Whose the claim is, and its number: the pair is the fence that a claimant of old does not pass.
    owner       text,
    claims      integer not null default 1,
    claimed_at  timestamptz not null default clock_timestamp(),
    lease_until timestamptz,
    told_at     timestamptz,
    -- Why it can never be told.
    reason      text,
    check ((state = 'CLAIMED') = (owner is not null and lease_until is not null)),
    check ((state = 'TOLD') = (told_at is not null)),
    check ((state = 'REFUSED') = (reason is not null))
);

-- A claim, its renewal and its mark are updates of one row: room on the page keeps them HOT, away from the index.
alter table notifier.inbox set (fillfactor = 70);
