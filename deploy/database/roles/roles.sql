-- The roles of the payment system, where no operator makes them. Run by a superuser, in the database of the payment system,
-- before the migrations; again as often as you like. Passwords are the caller's: `alter role relay password '…'`.
--
--   payments         owns the database and migrates; no service runs as it
--   payment, relay,  one service each, with what grants.sql gives
--   notifier
--   outbox_operator  for people: `grant outbox_operator to alice` lets her look at the outbox, and ask its relays for something
do $$
declare
  name text;
begin
  foreach name in array array['payments', 'payment', 'relay', 'notifier', 'outbox_operator'] loop
    if not exists (select from pg_roles where rolname = name) then
      execute format('create role %I', name);
    end if;
  end loop;
  alter role payments login;
  alter role payment login;
  alter role relay login;
  alter role notifier login;
  -- How old the open transactions of others are, which hold back slots and messages; an owner of a database cannot grant it.
  grant pg_read_all_stats to relay;
  execute format('alter database %I owner to payments', current_database());
end $$;
