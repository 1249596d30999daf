-- Every sequence of the moved schemas and the last value it gave (null: never used).
-- Parameter: platform — schemas that belong to Supabase, to PostgreSQL, or to this tool.
select schemaname as schema, sequencename as name, last_value, increment_by, min_value, max_value
  from pg_sequences
 where schemaname <> all (%(platform)s)
   and schemaname not like 'pg\_%%'
 order by schemaname, sequencename;
