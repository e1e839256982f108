-- Seals page tokens: one key for all instances. PostgreSQL has no random bytes without an extension, but
-- gen_random_uuid() takes its 122 bits from the same strong source: four of them are more than a key holds.
create table payment.page_token_key (
  one boolean primary key default true check (one),
  key bytea   not null check (octet_length(key) = 32)
);

insert into payment.page_token_key (key)
select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
           || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- A list of one state, of all or of one user or reservation: without these a rare state among many rows would be
-- looked for in all of them.
create index payment_by_state on payment.payment (state, created_at desc, payment_id desc);
create index payment_by_user_and_state on payment.payment (user_id, state, created_at desc, payment_id desc);
create index payment_by_reservation_and_state
  on payment.payment (reservation_id, state, created_at desc, payment_id desc);
create index payment_history_by_state on payment.payment_history (state, created_at desc, history_id desc);
create index payment_history_by_user_and_state
  on payment.payment_history (user_id, state, created_at desc, history_id desc);
create index payment_history_by_reservation_and_state
  on payment.payment_history (reservation_id, state, created_at desc, history_id desc);

-- Requests are deleted when their retention is over, the oldest first: by this column, which the database's clock writes,
-- not by that of an instance, which may be wrong. Those from before are kept from now on.
alter table payment.request add column stored_at timestamptz not null default now();
create index request_by_stored_at on payment.request (stored_at);
