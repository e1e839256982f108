-- Seals page tokens: one key for all instances. PostgreSQL has no random bytes without an extension, but
-- gen_random_uuid() takes its 122 bits from the same strong source: four of them are more than a key holds.
create table payment.page_token_key (
  one boolean primary key default true check (one),
  key bytea   not null check (octet_length(key) = 32)
);

insert into payment.page_token_key (key)
select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
           || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- Each filter of a list, and each with a state, is a range of one of these, read backwards; all columns in one direction, so
-- that a range can be a comparison of rows. Without those of the state a rare one among many rows would be looked for in
-- all of them. A user's payments of one reservation are looked for among that reservation's.
drop index payment.payment_by_user, payment.payment_by_reservation,
  payment.payment_history_by_user, payment.payment_history_by_reservation;

create index payment_by_user on payment.payment (user_id, created_at, payment_id);
create index payment_by_reservation on payment.payment (reservation_id, created_at, payment_id);
create index payment_by_state on payment.payment (state, created_at, payment_id);
create index payment_by_user_and_state on payment.payment (user_id, state, created_at, payment_id);
create index payment_by_reservation_and_state on payment.payment (reservation_id, state, created_at, payment_id);

create index payment_history_by_user on payment.payment_history (user_id, created_at, history_id);
create index payment_history_by_reservation on payment.payment_history (reservation_id, created_at, history_id);
create index payment_history_by_state on payment.payment_history (state, created_at, history_id);
create index payment_history_by_user_and_state on payment.payment_history (user_id, state, created_at, history_id);
create index payment_history_by_reservation_and_state
  on payment.payment_history (reservation_id, state, created_at, history_id);

-- Requests are deleted when their retention is over, the oldest first: by this column, which the database's clock writes,
-- not by that of an instance, which may be wrong. Those from before are kept from now on.
alter table payment.request add column stored_at timestamptz not null default now();
create index request_by_stored_at on payment.request (stored_at);
