-- name: copied_tables
select schema_name, table_name, oldest_lsn::text, newest_lsn::text from cyphr.copied;

-- name: totals
-- What is recorded, and what the server has taken so far of what is under way.
select coalesce(sum(rows), 0)::bigint, coalesce(sum(bytes), 0)::bigint
  from (select rows, bytes from cyphr.copied
        union all
        select p.rows, p.bytes from cyphr.copied_parts p
         where p.lsn is not null
           and not exists (select from cyphr.copied c
                            where (c.schema_name, c.table_name) = (p.schema_name, p.table_name))
        union all
        select tuples_processed, bytes_processed from pg_stat_progress_copy
         where datname = current_database() and command = 'COPY FROM') as done;

-- name: record_table
insert into cyphr.copied (schema_name, table_name, oldest_lsn, newest_lsn, rows, bytes)
values (%(schema)s, %(table)s, %(lsn)s::pg_lsn, %(lsn)s::pg_lsn, %(rows)s, %(bytes)s)
on conflict (schema_name, table_name) do update
   set oldest_lsn = excluded.oldest_lsn, newest_lsn = excluded.newest_lsn, rows = excluded.rows, bytes = excluded.bytes,
       finished_at = clock_timestamp();

-- name: plan_table
-- Nothing of the stream goes into it until it is copied.
insert into cyphr.copied (schema_name, table_name, oldest_lsn, newest_lsn, rows, bytes)
values (%(schema)s, %(table)s, 'FFFFFFFF/FFFFFFFF', 'FFFFFFFF/FFFFFFFF', 0, 0)
on conflict (schema_name, table_name) do update set oldest_lsn = excluded.oldest_lsn, newest_lsn = excluded.newest_lsn;

-- name: plan_part
insert into cyphr.copied_parts (schema_name, table_name, number, filenode, first_block, end_block)
values (%(schema)s, %(table)s, %(number)s, %(filenode)s, %(first_block)s, %(end_block)s);

-- name: planned_parts
select schema_name, table_name, number, filenode, first_block, end_block, lsn::text from cyphr.copied_parts
 order by schema_name, table_name, number;

-- name: forget_parts
delete from cyphr.copied_parts where schema_name = %(schema)s and table_name = %(table)s;

-- name: record_part
update cyphr.copied_parts
   set lsn = %(lsn)s::pg_lsn, rows = %(rows)s, bytes = %(bytes)s, finished_at = clock_timestamp()
 where schema_name = %(schema)s and table_name = %(table)s and number = %(number)s;

-- name: record_table_of_parts
-- The last part to come makes the table copied; the lock keeps two that end together from both missing it.
insert into cyphr.copied (schema_name, table_name, oldest_lsn, newest_lsn, rows, bytes)
select schema_name, table_name, min(lsn), max(lsn), sum(rows), sum(bytes)
  from cyphr.copied_parts
 where schema_name = %(schema)s and table_name = %(table)s
 group by schema_name, table_name
having count(*) = count(lsn);

-- name: lock_parts
select number from cyphr.copied_parts where schema_name = %(schema)s and table_name = %(table)s order by number for update;

-- name: filenode
-- Where the table's rows lie: another number means that they were written anew, each to another place.
select pg_relation_filenode(c.oid)::bigint, pg_relation_size(c.oid) / current_setting('block_size')::int
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = %(schema)s and c.relname = %(table)s;

-- name: mixed_tables
select schema_name, table_name from cyphr.copied where oldest_lsn < newest_lsn;
