-- What a plan is made from. Parameter platform: the schemas that are not moved, see catalogue.py.

-- name: moved_tables
-- Rows as the planner has them; of a table that was never analysed, as the statistics do. Bytes are those of the rows; indexes are built anew.
select c.oid::regclass::text, (case when c.reltuples < 0 then pg_stat_get_live_tuples(c.oid) else c.reltuples end)::bigint, pg_table_size(c.oid), pg_indexes_size(c.oid)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence = 'p'
   and n.nspname <> all (%(platform)s) and n.nspname not like 'pg\_%%'
 order by 3 desc, 1;

-- name: moved_objects
-- Everything else that is restored, by kind.
with moved as (
    select oid, nspname from pg_namespace where nspname <> all (%(platform)s) and nspname not like 'pg\_%%'
)
select 'schema', quote_ident(nspname) from moved where nspname <> 'public'
union all
select case c.relkind when 'p' then 'partitioned table' when 'v' then 'view' when 'm' then 'materialised view'
                      when 'S' then 'sequence' when 'c' then 'type' else 'index' end, c.oid::regclass::text
  from pg_class c join moved on moved.oid = c.relnamespace where c.relkind in ('p', 'v', 'm', 'S', 'c', 'i', 'I')
union all
select 'type', t.oid::regtype::text from pg_type t join moved on moved.oid = t.typnamespace where t.typtype in ('e', 'd', 'r')
union all
select 'function', p.oid::regprocedure::text
  from pg_proc p join moved on moved.oid = p.pronamespace
 where not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select 'policy', format('%%I on %%s', p.polname, p.polrelid::regclass)
  from pg_policy p join pg_class c on c.oid = p.polrelid join moved on moved.oid = c.relnamespace
union all
select 'trigger', format('%%I on %%s', t.tgname, t.tgrelid::regclass)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join moved on moved.oid = c.relnamespace
 where not t.tgisinternal and t.tgname not like 'cyphr\_%%'
union all
select 'foreign key', format('%%I on %%s', k.conname, k.conrelid::regclass)
  from pg_constraint k join pg_class c on c.oid = k.conrelid join moved on moved.oid = c.relnamespace
 where k.contype = 'f'
 order by 1, 2;

-- name: platform_schemas
select nspname::text from pg_namespace
 where nspname = any (%(platform)s) and nspname not in ('information_schema', 'cyphr') order by 1;

-- name: publications
select pubname::text from pg_publication where pubname <> 'cyphr_migrate' order by 1;

-- name: stored_objects
select count(*), coalesce(sum((metadata ->> 'size')::bigint), 0) from storage.objects;

-- name: has_storage
select to_regclass('storage.objects') is not null;
