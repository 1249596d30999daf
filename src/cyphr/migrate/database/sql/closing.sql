-- name: relations
-- Tables, views and sequences of schema cyphr; a sequence that belongs to a column goes with its table.
-- Parameter: keep — names that stay.
select c.relname, c.relkind::text
  from pg_class c
 where c.relnamespace = to_regnamespace('cyphr')
   and c.relkind in ('r', 'p', 'v', 'S')
   and c.relname <> all (%(keep)s)
   and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i'))
 order by c.relkind = 'r', c.relname;

-- name: functions
-- Functions of schema cyphr, as drop routine wants them named. Parameter: keep — names that stay.
select p.oid::regprocedure::text
  from pg_proc p
 where p.pronamespace = to_regnamespace('cyphr')
   and p.proname <> all (%(keep)s)
 order by 1;
