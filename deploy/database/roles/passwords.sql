-- Passwords for the roles of roles.sql out of the environment, where no operator keeps them. For psql, which has \getenv; a
-- variable that is not set stops it.
\set ON_ERROR_STOP on
\getenv owner OWNER_PASSWORD
\getenv payment PAYMENT_PASSWORD
\getenv relay RELAY_PASSWORD
\getenv notifier NOTIFIER_PASSWORD
alter role payments password :'owner';
alter role payment password :'payment';
alter role relay password :'relay';
alter role notifier password :'notifier';
