-- Every sequence of the moved schemas and the last value it gave (null: never used).
-- Parameter: platform — schemas that belong to Supabase, to PostgreSQL, or to this tool.
select schemaname as schema, sequencename as name, last_value, increment_by, min_value, max_value
  from pg_sequences
 where schemaname <> all (%(platform)s)
   and schemaname not like 'pg\_%%'
   and not exists (select from pg_depend e
                    where e.classid = 'pg_class'::regclass and e.deptype = 'e'
                      and e.objid = format('%%I.%%I', schemaname, sequencename)::regclass)
 order by schemaname, sequencename;
