-- name: fence_targets
-- Every table of the moved schemas, partitioned parents included: a leaf's statement trigger does not fire for a
-- statement on its parent. Tables that belong to an extension are not the project's, unless it publishes them.
-- Parameter: platform — see tables.sql.
select n.nspname as schema,
       c.relname as name,
       pg_has_role(c.relowner, 'usage') as owned,
       t.oid is not null as fenced,
       coalesce(t.tgenabled = 'O' and t.tgqual is null, false) as armed
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'cyphr_fence'
 where c.relkind in ('r', 'p')
   and c.relpersistence <> 't'
   and n.nspname <> all (%(platform)s)
   and n.nspname not like 'pg\_%%'
   and (not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        or exists (select from pg_publication_rel r where r.prrelid = c.oid))
 order by n.nspname, c.relname;

-- name: unmoved_tables
-- Tables whose rows nobody brings over: neither they nor a parent of theirs is in this tool's publication.
-- Parameter: platform — see tables.sql.
with published as materialized (
    select r.prrelid as oid
      from pg_publication_rel r
      join pg_publication p on p.oid = r.prpubid
     where p.pubname = 'cyphr_migrate'
)
select n.nspname || '.' || c.relname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r'
   and c.relpersistence = 'p'
   and n.nspname <> all (%(platform)s)
   and n.nspname not like 'pg\_%%'
   and c.oid not in (select oid from published) -- hashed: with thousands of tables, writers wait for this
   and not (c.relispartition
            and exists (select from pg_partition_ancestors(c.oid) a where a.relid in (select oid from published)))
   and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
 order by n.nspname, c.relname;

-- name: long_transactions
-- Other sessions' transactions in this database that have been writing for longer than so many seconds. The age is
-- reckoned by the server that began them. Parameter: seconds.
select pid, application_name, extract(epoch from clock_timestamp() - xact_start)::float8, backend_start, xact_start
  from pg_stat_activity
 where datname = current_database()
   and pid <> pg_backend_pid()
   and backend_type = 'client backend'
   and backend_xid is not null
   and xact_start < clock_timestamp() - make_interval(secs => %(seconds)s)
 order by xact_start;

-- name: end_session
-- Only if it is still in the very transaction that was found: a process id may be another session's by now.
select pg_terminate_backend(pid, 2000)
  from pg_stat_activity
 where pid = %(pid)s and backend_start = %(backend_start)s and xact_start = %(xact_start)s;

-- name: prepared_transactions
-- They hold their locks without any session, until somebody decides on them.
select gid, owner, extract(epoch from clock_timestamp() - prepared)::float8
  from pg_prepared_xacts
 where database = current_database()
 order by prepared;

-- name: blockers
-- Who holds a lock on a moved table that the fence's lock does not go with. Parameter: platform — see tables.sql.
select a.pid, coalesce(nullif(a.application_name, ''), a.backend_type),
       extract(epoch from clock_timestamp() - a.xact_start)::float8, format('%%I.%%I', n.nspname, min(c.relname))
  from pg_locks l
  join pg_class c on c.oid = l.relation
  join pg_namespace n on n.oid = c.relnamespace
  join pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'relation'
   and l.database = (select oid from pg_database where datname = current_database())
   and l.granted
   and l.pid <> pg_backend_pid()
   and l.mode not in ('AccessShareLock', 'RowShareLock')
   and c.relkind in ('r', 'p')
   and n.nspname <> all (%(platform)s)
   and n.nspname not like 'pg\_%%'
 group by a.pid, a.application_name, a.backend_type, a.xact_start, n.nspname
 order by a.xact_start;

-- name: vacuumed_tables
-- Tables that the server's own autovacuum is at work on. It gives way to whoever waits for a second, which the fence
-- never does. Parameter: platform — see tables.sql.
select n.nspname, c.relname
  from pg_locks l
  join pg_stat_activity a on a.pid = l.pid
  join pg_class c on c.oid = l.relation
  join pg_namespace n on n.oid = c.relnamespace
 where a.backend_type = 'autovacuum worker'
   and l.locktype = 'relation'
   and l.database = (select oid from pg_database where datname = current_database())
   and l.mode = 'ShareUpdateExclusiveLock'
   and c.relkind = 'r'
   and pg_has_role(c.relowner, 'usage')
   and n.nspname <> all (%(platform)s)
   and n.nspname not like 'pg\_%%';

-- name: loud_triggers
-- Triggers and rules that would fire although the stream is applied as a replica, and so write twice. A constraint's
-- own triggers never are. Parameter: platform — see tables.sql.
select 'trigger' as kind, n.nspname as schema, c.relname as "table", t.tgname as name, t.tgenabled::text as state
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
 where t.tgenabled in ('A', 'R') and not t.tgisinternal and pg_has_role(c.relowner, 'usage')
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
union all
select 'rule', n.nspname, c.relname, r.rulename, r.ev_enabled::text
  from pg_rewrite r
  join pg_class c on c.oid = r.ev_class
  join pg_namespace n on n.oid = c.relnamespace
 where r.ev_enabled in ('A', 'R') and r.rulename <> '_RETURN' and pg_has_role(c.relowner, 'usage')
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
 order by 1, 2, 3, 4;

-- name: keep_state
insert into cyphr.quietened (kind, schema_name, table_name, name, state)
values (%(kind)s, %(schema)s, %(table)s, %(name)s, %(state)s)
on conflict (kind, schema_name, table_name, name) do update set state = excluded.state;

-- name: take_states
-- What was switched, and is still there to be switched back.
with taken as (delete from cyphr.quietened returning kind, schema_name, table_name, name, state)
select kind, schema_name as schema, table_name as "table", name, state
  from taken
 where to_regclass(format('%%I.%%I', schema_name, table_name)) is not null
   and (exists (select from pg_trigger t
                 where t.tgrelid = to_regclass(format('%%I.%%I', schema_name, table_name)) and t.tgname = taken.name)
        or exists (select from pg_rewrite r
                    where r.ev_class = to_regclass(format('%%I.%%I', schema_name, table_name))
                      and r.rulename = taken.name))
 order by kind, schema_name, table_name, name;

-- name: unwritable_tables
-- Moved tables that this role could not apply a stream to.
select format('%I.%I', n.nspname, c.relname),
       case when row_security_active(c.oid) then 'row-level security binds this role there'
            else 'this role may not insert, update, delete and truncate there' end
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_publication_rel r on r.prrelid = c.oid
  join pg_publication p on p.oid = r.prpubid and p.pubname = 'cyphr_migrate'
 where row_security_active(c.oid)
    or not (has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update')
            and has_table_privilege(c.oid, 'delete') and has_table_privilege(c.oid, 'truncate'))
 order by n.nspname, c.relname;

-- name: sequences
-- Every sequence of the moved schemas. last_value is null before its first value, then restart_value says where an
-- "alter sequence … restart" put it. Parameter: platform — see tables.sql.
select n.nspname as schema, c.relname as name, s.last_value, s.increment_by, s.min_value, s.max_value,
       has_sequence_privilege(c.oid, 'usage, select') as readable
  from pg_sequences s
  join pg_namespace n on n.nspname = s.schemaname
  join pg_class c on c.relnamespace = n.oid and c.relname = s.sequencename
 where n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%' and c.relpersistence = 'p'
 order by n.nspname, c.relname;

-- name: set_sequences
-- The position of each sequence that does not exist here; sets the others. Parameters: arrays of equal length.
select position, name from unnest(%(names)s::text[], %(values)s::bigint[], %(called)s::boolean[]) with ordinality
       as given (name, value, called, position)
 where case when to_regclass(name) is null then true else setval(to_regclass(name), value, called) is null end;
