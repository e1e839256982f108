-- Both need the table to themselves, and calls queue up behind whoever waits for that: behind a backup that reads the table,
-- say, for as long as that takes. Not longer than 3 s: the start is tried again.
set local lock_timeout = '3s';

-- The trace of the call that made the task (W3C traceparent): recovery goes on in it. Absent where there was none.
alter table payment.gateway_task add column traceparent text;

-- How many are undecided, and since when, is read from here, the oldest first, up to a bound.
create index gateway_task_by_created_at on payment.gateway_task (created_at);
