-- What the checks ask both databases. Parameter platform: the schemas that are not moved, see catalogue.py.

-- name: has_session
select exists (select from pg_stat_activity where application_name = %(name)s);

-- name: lock_key
select pg_advisory_lock(%(key)s);

-- name: try_key
select pg_try_advisory_lock(%(key)s);

-- name: unlock_key
select pg_advisory_unlock(%(key)s);

-- name: has_switchboard
select to_regclass('cyphr.switchboard') is not null;

-- name: database_side
select (select side from cyphr.switchboard where service = 'database');

-- name: is_standby
select pg_is_in_recovery();

-- name: server_version
select current_setting('server_version_num')::int, current_setting('server_version');

-- name: encoding
select pg_encoding_to_char(encoding), datcollate, datctype from pg_database where datname = current_database();

-- name: server_clock
select clock_timestamp();

-- name: tables
select n.nspname, c.relname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and c.relpersistence = 'p'
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
 order by 1, 2;

-- name: occupants
-- What would be in the way of a schema that is restored here.
select c.oid::regclass::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
   and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
union all
select p.oid::regprocedure::text
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
 where n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
   and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
 order by 1;

-- name: has_phases
select to_regclass('cyphr.phases') is not null;

-- name: has_begun
select exists (select from cyphr.phases);

-- name: noted_schema
-- The schema as the last start noted it.
select detail -> 'objects' from cyphr.journal where service = 'preflight' and event = 'checked' order by id desc limit 1;

-- name: server_setting
select current_setting(%(name)s);

-- name: slots_used
select count(*) from pg_replication_slots;

-- name: senders_used
select count(*) from pg_stat_replication;

-- name: slot_keep_bytes
-- null: no limit.
select case when setting::bigint < 0 then null else setting::bigint * 1024 * 1024 end
  from pg_settings where name = 'max_slot_wal_keep_size';

-- name: copy_slot
-- As a slot is kept once it was tried (decision 88).
select pg_drop_replication_slot(slot_name) from pg_copy_logical_replication_slot(%(slot)s::name, format('%%s_kept', %(slot)s::text)::name, true);

-- name: end_slot
select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = %(slot)s and active_pid is not null;

-- name: lock_room
-- Locks that a transaction may count on, and how many transactions share them.
select current_setting('max_locks_per_transaction')::int,
       current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int;

-- name: locks_needed
-- Of the moved schemas: tables that are locked together, and everything that is created together, with what PostgreSQL
-- makes for values that are stored beside a table.
select count(*) filter (where c.relkind in ('r', 'p')),
       count(*) + 2 * count(*) filter (where c.reltoastrelid <> 0)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'S')
   and n.nspname <> all (%(platform)s)
   and n.nspname not like 'pg\_%%';

-- name: database_bytes
select pg_database_size(current_database());

-- name: without_identity
-- Tables whose updates and deletes would fail from the moment they are published.
select c.oid::regclass::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and c.relpersistence = 'p'
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
   and case c.relreplident
         when 'f' then false
         when 'd' then not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
         when 'i' then not exists (select from pg_index i where i.indrelid = c.oid and i.indisreplident)
         else true end
 order by 1;

-- name: without_primary_key
select c.oid::regclass::text, greatest(c.reltuples, 0)::bigint
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence = 'p'
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
   and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
 order by 2 desc, 1;

-- name: protected_tables
-- Tables with row-level security, and the roles that their policies speak of; public stands for the two of clients.
select n.nspname, c.relname,
       array(select distinct case when r.oid is null then client.name else r.rolname end
               from pg_policy p
               cross join lateral unnest(p.polroles) as named (oid)
               left join pg_roles r on r.oid = named.oid
               left join (values ('anon'), ('authenticated')) as client (name) on named.oid = 0
              where p.polrelid = c.oid)::text[]
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and c.relrowsecurity
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
 order by 1, 2;

-- name: roles
select rolname::text from pg_roles;

-- name: act_as
select set_config('request.jwt.claims',
                  json_build_object('role', %(role)s::text, 'sub', '00000000-0000-4000-8000-000000000000')::text, true);

-- name: unprotected_tables
-- Tables that the clients' roles may reach and that no policy guards.
select distinct c.oid::regclass::text
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_roles r on r.rolname in ('anon', 'authenticated')
 where c.relkind in ('r', 'p') and not c.relrowsecurity
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
   and has_schema_privilege(r.oid, n.oid, 'usage')
   and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate')
 order by 1;

-- name: extensions
-- Each with whether a table of the project is made of it: a column's type, a default, an index.
select e.extname::text,
       exists (select from pg_depend member
                 join pg_depend used on used.refclassid = member.classid and used.refobjid = member.objid
                                    and used.deptype in ('n', 'a')
                 join pg_class c on c.oid = case when used.classid = 'pg_attrdef'::regclass
                                                 then (select adrelid from pg_attrdef where oid = used.objid)
                                                 else used.objid end
                 join pg_namespace n on n.oid = c.relnamespace
                where member.deptype = 'e' and member.refclassid = 'pg_extension'::regclass and member.refobjid = e.oid
                  and used.classid in ('pg_class'::regclass, 'pg_attrdef'::regclass)
                  and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%')
  from pg_extension e
 where e.extname <> 'plpgsql'
 order by 1;

-- name: available_extensions
select name::text from pg_available_extensions;

-- name: event_triggers
-- Event triggers, and whether they are the platform's.
select t.evtname::text, r.rolname like 'supabase%%' or r.rolname = 'rdsadmin'
       or exists (select from pg_depend d where d.classid = 'pg_event_trigger'::regclass and d.objid = t.oid and d.deptype = 'e')
  from pg_event_trigger t join pg_roles r on r.oid = t.evtowner
 order by 1;

-- name: foreign_servers
select s.srvname::text,
       array(select c.oid::regclass::text from pg_foreign_table f join pg_class c on c.oid = f.ftrelid
               join pg_namespace n on n.oid = c.relnamespace
              where f.ftserver = s.oid and n.nspname <> all (%(platform)s) order by 1)::text[]
  from pg_foreign_server s
 order by 1;

-- name: large_objects
select count(*) from pg_largeobject_metadata;

-- name: unlogged_tables
select c.oid::regclass::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and c.relpersistence = 'u'
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
 order by 1;

-- name: table_kinds
select count(*) filter (where c.relkind in ('r', 'p')),
       count(*) filter (where exists (select from pg_attribute a
                                       where a.attrelid = c.oid and a.attgenerated <> '' and not a.attisdropped)),
       count(*) filter (where exists (select from pg_attribute a
                                       where a.attrelid = c.oid and a.attidentity <> '' and not a.attisdropped)),
       count(*) filter (where c.relkind = 'p'),
       count(*) filter (where not c.relispartition and exists (select from pg_inherits i where i.inhrelid = c.oid))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p')
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%';

-- name: nearly_used_up
-- Sequences that gave out most of what they, or the column that they fill, can hold.
select format('%%I.%%I', s.schemaname, s.sequencename), s.last_value,
       least(s.max_value, case t.typname when 'int2' then 32767 when 'int4' then 2147483647 else s.max_value end)
  from pg_sequences s
  join pg_class c on c.oid = format('%%I.%%I', s.schemaname, s.sequencename)::regclass
  left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid
                       and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
  left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  left join pg_type t on t.oid = a.atttypid
 where s.schemaname <> all (%(platform)s) and s.schemaname not like 'pg\_%%'
   and s.increment_by > 0 and not s.cycle
   and s.last_value > %(share)s *
       least(s.max_value, case t.typname when 'int2' then 32767 when 'int4' then 2147483647 else s.max_value end)
 order by 1;

-- name: long_transactions
-- What a new replication slot would have to wait for.
select format('process %%s (%%s), %%s s', pid, coalesce(nullif(application_name, ''), usename::text, 'unnamed'),
              extract(epoch from clock_timestamp() - xact_start)::int)
  from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
   and backend_xid is not null and xact_start < clock_timestamp() - make_interval(secs => %(seconds)s)
union all
select format('prepared transaction %%s, %%s s', gid, extract(epoch from clock_timestamp() - prepared)::int)
  from pg_prepared_xacts where database = current_database();

-- name: users_that_do_not_fit
-- Cognito takes attributes of at most 2048 characters, and addresses of the usual form of at most 320.
select id::text || ': ' || case when length(email) > 320 then 'an address of more than 320 characters'
                               when email !~ '^[^@\s]+@[^@\s]+$' then 'an address that is none'
                               else 'a name of more than 2048 characters' end
  from auth.users
 where deleted_at is null and not is_anonymous
   and (length(email) > 320 or email !~ '^[^@\s]+@[^@\s]+$'
        or length(coalesce(raw_user_meta_data ->> 'full_name', raw_user_meta_data ->> 'name', '')) > 2048)
 order by 1;

-- name: owners_of_authenticators
select distinct user_id::text from auth.mfa_factors
where factor_type = 'totp' and status = 'verified' and secret ~ '^[A-Z2-7]{16,}=*$'
order by 1;

-- name: platform_objects
-- Triggers with a function of the project's, and policies, on tables of Supabase's.
select format('trigger %%I on %%s', t.tgname, c.oid::regclass)
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_proc p on p.oid = t.tgfoid
  join pg_namespace f on f.oid = p.pronamespace
 where not t.tgisinternal and n.nspname in ('auth', 'storage', 'realtime')
   and f.nspname <> all (%(platform)s) and f.nspname not like 'pg\_%%'
union all
select format('policy %%I on %%s', p.polname, c.oid::regclass)
  from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
 where n.nspname in ('auth', 'storage', 'realtime')
 order by 1;
