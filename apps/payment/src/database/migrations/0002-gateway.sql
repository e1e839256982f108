-- Who decided a payment: a refund goes back by the same way.
alter table payment.payment
  add column authorizer text not null default 'BUILT_IN' check (authorizer in ('BUILT_IN', 'GATEWAY'));

-- Payments paid back, and tries to. A refund that was declined can be asked for again: that is a new one.
create table payment.refund (
  -- The payment gateway's idempotency key.
  refund_id      uuid           primary key,
  payment_id     uuid           not null references payment.payment,
  state          text           not null check (state in ('PENDING', 'COMPLETED', 'DECLINED')),
  -- The payment gateway's own reason.
  decline_code   text,
  created_at     timestamptz(3) not null,
  updated_at     timestamptz(3) not null,
  constraint decline_code_if_declined check ((state = 'DECLINED') = (decline_code is not null))
);

-- A payment is paid back at most once. Whoever inserts second waits for the first to end.
create unique index refund_once_per_payment on payment.refund (payment_id) where state in ('PENDING', 'COMPLETED');

-- What the payment gateway was, or will be, asked to do, until its answer is stored: the answer's transaction deletes the
-- row, so the table holds what is under way and nothing else.
create table payment.gateway_task (
  -- The payment gateway's idempotency key: the payment_id of a charge, the refund_id of a refund.
  task_id        uuid           primary key,
  kind           text           not null check (kind in ('CHARGE', 'REFUND')),
  payment_id     uuid           not null references payment.payment,
  -- The host of the payment gateway that was asked. No other is asked again: it has never heard of the key.
  asked_of       text           not null,
  -- Who works on it: 1 is the call that made it, and each that takes it up after that adds one.
  claim          integer        not null default 1,
  -- By the clock of the database. Whoever claimed it works on it until then.
  claimed_until  timestamptz    not null,
  -- From then on it may be taken up by the next one.
  due_at         timestamptz    not null,
  created_at     timestamptz    not null default now()
);

create index gateway_task_by_due_at on payment.gateway_task (asked_of, due_at);
create index gateway_task_by_payment on payment.gateway_task (payment_id);

-- What a request made, in the order asked: payments, or a refund. The answer is read from them, as they first came to be
-- decided, so that a repeat gets the first answer, and the final one of what was PENDING then. Requests from before have
-- the bytes of their reply.
alter table payment.request
  add column made uuid[],
  alter column reply drop not null,
  add constraint made_or_reply check (num_nonnulls(made, reply) = 1);
