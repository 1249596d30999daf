-- name: is_referred_to
-- Whether anything of the moved schemas refers to the users: a foreign key, a view, a policy.
select exists (
    select from pg_depend d
    left join pg_constraint o on d.classid = 'pg_constraint'::regclass and o.oid = d.objid
    left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    left join pg_policy p on d.classid = 'pg_policy'::regclass and p.oid = d.objid
    join pg_class c on c.oid = coalesce(o.conrelid, r.ev_class, p.polrelid)
    join pg_namespace n on n.oid = c.relnamespace
   where d.refclassid = 'pg_class'::regclass
     and d.refobjid in (to_regclass('auth.users'), to_regclass('auth.identities'))
     and n.nspname <> all (%(platform)s));

-- name: is_installed
select to_regclass('cyphr.platform_queue') is not null;

-- name: columns
-- What is stored in a table's rows; computed columns are each side's own.
select attname
  from pg_attribute
 where attrelid = format('auth.%%I', %(table)s::text)::regclass
   and attnum > 0 and not attisdropped and attgenerated = '';

-- name: forget_secrets
update auth.users
   set encrypted_password = null, confirmation_token = null, recovery_token = null, email_change_token_new = null,
       email_change_token_current = null, phone_change_token = null, reauthentication_token = null
 where encrypted_password <> '' or confirmation_token <> '' or recovery_token <> '' or email_change_token_new <> ''
    or email_change_token_current <> '' or phone_change_token <> '' or reauthentication_token <> '';

-- name: queue_all
insert into cyphr.platform_queue (table_name, id)
select 'users', id from auth.users
union all
select 'identities', id from auth.identities
order by 1 desc;

-- name: queue_table
insert into cyphr.platform_queue (table_name, id)
select 'users', id from auth.users where %(table)s = 'users'
union all
select 'identities', id from auth.identities where %(table)s = 'identities';

-- name: queued
select number, table_name, id from cyphr.platform_queue order by number limit %(limit)s;

-- name: forget
delete from cyphr.platform_queue where number = any (%(numbers)s);

-- name: free_users
-- A row that still has what a newer one took (an address) is in the queue itself, and gets its own again from there.
update auth.users
   set email = null, phone = null
 where id = any (%(keys)s)
    or email in (select u ->> 'email' from unnest(%(rows)s::jsonb[]) as u)
    or phone in (select u ->> 'phone' from unnest(%(rows)s::jsonb[]) as u);

-- name: free_identities
delete from auth.identities
 where id = any (%(keys)s)
    or (provider, provider_id) in (select i ->> 'provider', i ->> 'provider_id' from unnest(%(rows)s::jsonb[]) as i);

-- name: delete_users
delete from auth.users where id = any (%(keys)s);

-- name: delete_identities
delete from auth.identities where id = any (%(keys)s);

-- name: delete_all_users
delete from auth.users;

-- name: delete_all_identities
delete from auth.identities;

-- name: remove
-- The function takes its triggers with it: they are on tables of another role, which alone might drop them one by one.
drop routine if exists cyphr.note_platform_row() cascade;
drop table if exists cyphr.platform_queue;
