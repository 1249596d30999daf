-- Every table whose rows are moved: its columns in order, and the key that finds a row of it again.
-- Of a partitioned table the partitions that hold rows; a table that others inherit from stands for its own rows only.
-- Unlogged tables, foreign tables and those that an extension made hold nothing that is moved.
-- Parameter: platform — schemas that belong to Supabase, to PostgreSQL, or to this tool.
select n.nspname as schema,
       c.relname as name,
       c.relreplident as replica_identity,
       case when c.reltuples >= 0 then c.reltuples::bigint end as estimated_rows, -- null: never analysed
       pg_table_size(c.oid) as bytes,
       (select coalesce(json_agg(json_build_object(
                   'name', a.attname,
                   'type_oid', a.atttypid::bigint,
                   'type', format_type(a.atttypid, a.atttypmod),
                   'generated', a.attgenerated <> '',
                   'always_identity', a.attidentity = 'a') order by a.attnum), '[]')
          from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
       -- What the stream sends of an old row, as far as it finds the row again: the index that replica identity names,
       -- else the primary key. A deferrable one is never sent, and two rows may share a value of it for a while.
       coalesce((select json_agg(a.attname order by k.position)
          from pg_index i
          cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, position)
          join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
         where i.indrelid = c.oid
           and i.indimmediate
           and i.indisvalid
           and k.position <= i.indnkeyatts
           and case c.relreplident when 'i' then i.indisreplident when 'n' then false else i.indisprimary end), '[]') as key
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r'
   and c.relpersistence = 'p'
   and n.nspname <> all (%(platform)s)
   and n.nspname not like 'pg\_%%'
   and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
 order by n.nspname, c.relname;
