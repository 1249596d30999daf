-- name: seed_switchboard
-- Every service starts on the side of this database; a service that has moved since is left where it is.
insert into cyphr.switchboard (service, side)
select service, %(side)s from unnest(array['database', 'files', 'auth']) as service
on conflict (service) do nothing;

-- name: switchboard_exists
select where to_regclass('cyphr.switchboard') is not null;

-- name: authority
-- The side that this database says has the authority over the data.
select side from cyphr.switchboard where service = 'database';

-- name: role_exists
select from pg_roles where rolname = %(role)s;

-- name: database_exists
select from pg_database where datname = %(database)s;

-- name: end_replication
-- A database cannot be dropped while a slot belongs to it, nor a slot while someone reads it.
select pg_terminate_backend(active_pid, 5000) from pg_replication_slots
where database = %(database)s and active_pid is not null;

-- name: drop_slots
select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = %(database)s;
