-- One attempt to pay one reservation. Money is whole minor units of an ISO 4217 currency: nothing is ever rounded.
create table payment.payment (
  payment_id     uuid           primary key,
  user_id        text           not null check (char_length(user_id) between 1 and 200),
  reservation_id text           not null check (char_length(reservation_id) between 1 and 200),
  amount_minor   bigint         not null check (amount_minor > 0),
  currency       text           not null check (currency ~ '^[A-Z]{3}$'),
  state          text           not null check (state in ('PENDING', 'COMPLETED', 'FAILED', 'REFUNDED')),
  failure_reason text           check (failure_reason in
                                  ('ALREADY_PAID', 'LIMIT_EXCEEDED', 'DECLINED', 'AUTHORIZER_UNAVAILABLE')),
  decline_code   text,
  -- Whole milliseconds: what a JavaScript date holds, so that a page token names a row exactly.
  created_at     timestamptz(3) not null,
  updated_at     timestamptz(3) not null,
  constraint failure_reason_if_failed check ((state = 'FAILED') = (failure_reason is not null)),
  constraint decline_code_if_declined check (decline_code is null or failure_reason = 'DECLINED')
);

-- A reservation is paid at most once; a refund frees it. Whoever inserts second waits for the first to end.
create unique index payment_once_per_reservation on payment.payment (reservation_id)
  where state in ('PENDING', 'COMPLETED');

-- Lists are the newest first; each index ends in the order of the list.
create index payment_by_time on payment.payment (created_at desc, payment_id desc);
create index payment_by_user on payment.payment (user_id, created_at desc, payment_id desc);
create index payment_by_reservation on payment.payment (reservation_id, created_at desc, payment_id desc);

-- What each payment came to, and when. Appended to, never changed.
create table payment.payment_history (
  history_id     bigint         primary key generated always as identity,
  payment_id     uuid           not null references payment.payment,
  user_id        text           not null,
  reservation_id text           not null,
  amount_minor   bigint         not null check (amount_minor > 0),
  currency       text           not null check (currency ~ '^[A-Z]{3}$'),
  state          text           not null check (state in ('PENDING', 'COMPLETED', 'FAILED', 'REFUNDED')),
  failure_reason text,
  created_at     timestamptz(3) not null,
  constraint failure_reason_if_failed check ((state = 'FAILED') = (failure_reason is not null))
);

create index payment_history_by_payment on payment.payment_history (payment_id);
create index payment_history_by_time on payment.payment_history (created_at desc, history_id desc);
create index payment_history_by_user on payment.payment_history (user_id, created_at desc, history_id desc);
create index payment_history_by_reservation
  on payment.payment_history (reservation_id, created_at desc, history_id desc);

-- The first answer to every request that has an id: a retry gets it again. Not partitioned by time, since a unique key
-- cannot span partitions of another column.
create table payment.request (
  caller       text           not null,
  method       text           not null,
  request_id   uuid           not null,
  -- SHA-256 of what was asked: the same id with another request is refused.
  request_hash bytea          not null check (octet_length(request_hash) = 32),
  -- The serialized reply.
  reply        bytea          not null,
  created_at   timestamptz(3) not null,
  primary key (caller, method, request_id)
);
