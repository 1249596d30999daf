-- Other sessions' transactions in this database that have a transaction id or hold a snapshot for long.
-- Parameter: seconds.
select pid, application_name, extract(epoch from clock_timestamp() - xact_start)::float8
  from pg_stat_activity
 where datname = current_database()
   and pid <> pg_backend_pid()
   and backend_type = 'client backend'
   and backend_xid is not null
   and xact_start < clock_timestamp() - make_interval(secs => %(seconds)s)
 order by xact_start;
