-- How rows of each table can be hashed and read on this side: its size, the file that holds them in this transaction's
-- snapshot, and the type behind each column's type.
-- Parameter: platform, the schemas that belong to Supabase, to PostgreSQL, or to this tool.
with recursive chain as (
    -- A domain hashes and prints as what it is over, however many domains deep.
    select oid as domain, typbasetype as base, typtypmod as modifier from pg_type where typtype = 'd'
    union all
    select c.domain, t.typbasetype, t.typtypmod
      from chain c join pg_type t on t.oid = c.base where t.typtype = 'd'
), domains as (
    select c.domain, c.base, c.modifier
      from chain c join pg_type t on t.oid = c.base where t.typtype <> 'd'
)
select n.nspname as schema,
       c.relname as name,
       pg_relation_size(c.oid) / current_setting('block_size')::int as blocks,
       c.relfilenode::bigint as file,
       coalesce(json_agg(json_build_object(
           'name', a.attname,
           'base', coalesce(d.base, a.atttypid)::bigint,
           'modifier', coalesce(d.modifier, a.atttypmod),
           'is_enum', t.typtype = 'e',
           'type_schema', tn.nspname,
           'type_name', t.typname) order by a.attnum) filter (where a.attnum is not null), '[]') as columns
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_type t on t.oid = a.atttypid
  left join pg_namespace tn on tn.oid = t.typnamespace
  left join domains d on d.domain = a.atttypid
 where c.relkind = 'r'
   and c.relpersistence = 'p'
   and n.nspname <> all (%(platform)s)
   and n.nspname not like 'pg\_%%'
 group by n.nspname, c.oid, c.relname, c.relfilenode;
