-- name: find_relations
-- Tables and views of schema public, with the columns that make up each primary key.
select c.oid::bigint as oid, c.relname as name, c.relkind in ('v', 'm') as is_view,
       row_security_active(c.oid) as hidden_by_policies,
       coalesce((select array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum))
                 from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
                 where i.indrelid = c.oid and i.indisprimary), '{}') as key
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm');

-- name: find_columns
-- Columns with the type as SQL writes it, and its category (S string, N number, B boolean, D time, …).
select a.attrelid::bigint as relation, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
       t.typcategory::text as category, a.attnotnull as required,
       a.atthasdef or a.attidentity <> '' as has_default, a.attgenerated <> '' as generated
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_type t on t.oid = a.atttypid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
  and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum;

-- name: find_unique_columns
-- Unique constraints and indexes over plain columns (a partial or expression index is left to the insert itself).
select i.indrelid::bigint as relation,
       array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum)) as columns
from pg_index i
join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1])
where i.indisunique and i.indpred is null and i.indexprs is null
group by i.indexrelid, i.indrelid
order by i.indexrelid;

-- name: find_foreign_keys
-- Each foreign key, with the referencing and the referenced columns in the same order.
select k.conrelid::bigint as relation, n.nspname as referenced_schema, r.relname as referenced_table,
       (select array_agg(a.attname::text order by o) from unnest(k.conkey) with ordinality as u (attnum, o)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum) as columns,
       (select array_agg(a.attname::text order by o) from unnest(k.confkey) with ordinality as u (attnum, o)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum) as referenced_columns
from pg_constraint k
join pg_class c on c.oid = k.conrelid and c.relnamespace = 'public'::regnamespace
join pg_class r on r.oid = k.confrelid
join pg_namespace n on n.oid = r.relnamespace
where k.contype = 'f' and k.conparentid = 0
order by k.oid;
