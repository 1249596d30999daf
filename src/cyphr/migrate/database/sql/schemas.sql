-- The schemas that are moved. Parameter: platform — see tables.sql.
select nspname
  from pg_namespace
 where nspname <> all (%(platform)s)
   and nspname not like 'pg\_%%'
 order by nspname;
