import { messageType, payloadOf } from '../../load/messages.ts';

/** The names under which Debezium and PostgreSQL know each other, within a database. */
export const names = { schema: 'debezium', table: 'outbox', publication: 'debezium_outbox' };

/** The table of Debezium's outbox router, with a column for each header that the contract knows, but for the id. */
export const createTable = `
create schema ${names.schema};
create table ${names.schema}.${names.table} (
  id uuid primary key default gen_random_uuid(), topic text not null, key text not null, payload bytea not null,
  ce_specversion text not null default '1.0', ce_type text not null, ce_source text not null, ce_subject text not null,
  ce_time timestamptz not null default clock_timestamp(), content_type text not null, traceparent text not null
);
create publication ${names.publication} for table ${names.schema}.${names.table} with (publish = 'insert');`;

/** Headers by the columns they come from. The router adds the row's id to each message by itself, under the name `id`. */
export const headersByColumn = {
  ce_specversion: 'ce_specversion',
  ce_type: 'ce_type',
  ce_source: 'ce_source',
  ce_subject: 'ce_subject',
  ce_time: 'ce_time',
  content_type: 'content-type',
  traceparent: 'traceparent',
};

/** Inserts numbers from $2 on, $3 of them, with $4 keys, for topic $1: the same values as `appendStatement`. */
export const insertStatement = `
insert into ${names.schema}.${names.table} (topic, key, payload, ce_type, ce_source, ce_subject, content_type, traceparent)
select $1::text, 'key-' || n % $4::bigint, ${payloadOf}, '${messageType}', '/payments/payment', md5(n::text),
       'application/protobuf', format('00-%s-%s-00', md5(n::text), left(md5('span' || n), 16))
  from generate_series($2::bigint, $2::bigint + $3::bigint - 1) as n order by n`;
