-- What each service may do in the database, and no more. Run by the owner of the database after every migration; the roles
-- are there (roles/roles.sql, or the operator's). It takes back what it does not give, in one transaction: nobody is without rights
-- in between, and what an earlier version gave goes.
--
-- Rights on functions are the migrations' own: who has no USAGE on a schema calls nothing in it.
begin;

-- Two at a time would both change the same rows of the catalog, and one would fail. The number is "GRNT".
select pg_advisory_xact_lock(x'47524e54'::integer, 0);

do $$
begin
  -- By default everybody may connect to a database, and make temporary tables in it.
  execute format('revoke all on database %I from public, payment, relay, notifier, outbox_operator', current_database());
  -- pg_monitor: exporters of metrics, such as CloudNativePG's own.
  execute format('grant connect on database %I to payment, relay, notifier, outbox_operator, pg_monitor', current_database());
end $$;

revoke all on schema payment, outbox, notifier from public, payment, relay, notifier, outbox_operator;
revoke all on all tables in schema payment, outbox, notifier from public, payment, relay, notifier, outbox_operator;
revoke all on all sequences in schema payment, outbox, notifier from public, payment, relay, notifier, outbox_operator;
revoke all on all functions in schema payment, outbox, notifier from payment, relay, notifier, outbox_operator;

-- The payment service: its own schema. The history is appended to and never changed, nor is what was paid, by whom and for what.
grant usage on schema payment to payment;
grant select on payment.migration, payment.page_token_key to payment;
grant select, insert on payment.payment, payment.payment_history, payment.refund to payment;
grant update (state, failure_reason, decline_code, updated_at) on payment.payment to payment;
grant update (state, decline_code, updated_at) on payment.refund to payment;
grant select, insert, delete on payment.gateway_task, payment.request to payment;
grant update (claim, claimed_until, due_at) on payment.gateway_task to payment;
-- Old requests are locked before they are deleted, which takes the right to update something of them.
grant update (stored_at) on payment.request to payment;

-- And it appends to the outbox. A trigger, which runs as the owner, numbers what it appends; it can read nothing back.
grant usage on schema outbox to payment;
grant select on outbox.migration to payment;
grant insert (id, topic, key, type, payload, headers) on outbox.message to payment;

-- The relay: reads the log, writes down how far it is, parks, carries requests out. It empties old slots by functions that run
-- as the owner, and look first.
grant usage on schema outbox to relay;
grant select on outbox.migration, outbox.message, outbox.checkpoint, outbox.parked, outbox.request, outbox.message_seq to relay;
grant insert on outbox.checkpoint, outbox.parked to relay;
grant update (cause, code, error, state, settled_at), delete on outbox.parked to relay;
grant update (count, pos, finished_at, outcome), delete on outbox.request to relay;
grant execute on function outbox.empty_slot, outbox.empty_checkpoint_slot to relay;

-- The notifier: its own schema, and nothing of the outbox.
grant usage on schema notifier to notifier;
grant select on notifier.migration to notifier;
grant select, insert, update, delete on notifier.inbox to notifier;
grant select, insert, update on notifier.channel to notifier;

-- People with `npm run outbox`: they look, and ask. Who asked is not theirs to say.
grant usage on schema outbox to outbox_operator;
grant select on all tables in schema outbox to outbox_operator;
grant select on outbox.message_seq to outbox_operator;
grant insert (lane, kind, topic, key, seq, since) on outbox.request to outbox_operator;

commit;
