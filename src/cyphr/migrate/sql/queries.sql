-- name: has_journal
select to_regclass('cyphr.requests') is not null;

-- name: set_phase
insert into cyphr.phases (service, phase) values (%(service)s, %(phase)s)
on conflict (service) do update
   set phase = excluded.phase,
       since = case when phases.phase = excluded.phase then phases.since else clock_timestamp() end,
       updated_at = clock_timestamp();

-- name: set_progress
update cyphr.phases set progress = %(progress)s, updated_at = clock_timestamp() where service = %(service)s;

-- name: phases
select service, phase, since, progress, updated_at from cyphr.phases order by service;

-- name: note
insert into cyphr.journal (service, event, detail) values (%(service)s, %(event)s, %(detail)s);

-- name: events
select at, service, event, detail from cyphr.journal order by id;

-- name: verifications
select distinct on (service) at, service, event, detail
  from cyphr.journal
 where event in ('phase verified', 'verified', 'verification failed')
 order by service, id desc;

-- name: add_request
insert into cyphr.requests (action, service, options, patience_seconds)
values (%(action)s, %(service)s, %(options)s, %(patience)s)
returning id;

-- name: next_request
-- One that a killed migrator left unfinished comes first again.
select id, action, service, options, patience_seconds
  from cyphr.requests
 where finished_at is null
 order by id
 limit 1;

-- name: finish_request
update cyphr.requests
   set finished_at = clock_timestamp(), outcome = %(outcome)s, detail = %(detail)s
 where id = %(id)s;

-- name: request
select id, action, service, options, outcome, detail, requested_at, finished_at, patience_seconds
  from cyphr.requests
 where id = %(id)s;

-- name: try_lock
-- Held by the one migrator that runs, for as long as its session lives.
select pg_try_advisory_lock(hashtextextended('cyphr migrate', 0));

-- name: is_running
select exists (select from pg_locks
                where locktype = 'advisory' and granted
                  and database = (select oid from pg_database where datname = current_database())
                  and (classid::bigint << 32 | objid::bigint) = hashtextextended('cyphr migrate', 0));
