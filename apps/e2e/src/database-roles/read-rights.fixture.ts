import type pg from 'pg';

/**
 * Every right that somebody other than its owner has in the database and in the schemas of the services, by role: `INSERT
 * outbox.checkpoint`, `UPDATE outbox.request (count, pos)`.
 */
export async function readRights(client: pg.Client): Promise<Record<string, string[]>> {
  const { rows } = await client.query<{ role: string; rights: string[] }>(rights);
  return Object.fromEntries(rows.map((row) => [row.role, row.rights]));
}

const rights = `
with own as (select oid from pg_namespace where nspname in ('payment', 'outbox', 'notifier', 'public')),
granted as (
  select 'the database' as object, null as column, acl.*
    from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) as acl where datname = current_database()
  union all
  select 'schema ' || nspname, null, acl.* from pg_namespace join own using (oid), aclexplode(nspacl) as acl
  union all
  select pg_class.oid::regclass::text, null, acl.*
    from pg_class join own on own.oid = relnamespace, aclexplode(relacl) as acl
  union all
  select attrelid::regclass::text, attname, acl.*
    from pg_attribute join pg_class on pg_class.oid = attrelid join own on own.oid = relnamespace, aclexplode(attacl) as acl
  union all
  select 'function ' || proname, null, acl.* from pg_proc join own on own.oid = pronamespace, aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl
),
line as (
  select grantee, privilege_type || ' ' || object || coalesce(' (' || string_agg("column", ', ' order by "column") || ')', '')
         || case when is_grantable then ' with grant option' else '' end as right
    from granted where grantee <> grantor group by grantee, privilege_type, object, is_grantable
)
select case when grantee = 0 then 'everybody' else grantee::regrole::text end as role, array_agg("right" order by "right" collate "C") as rights
  from line group by grantee`;
