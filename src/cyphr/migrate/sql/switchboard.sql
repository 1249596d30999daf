-- name: seed_service
-- A service that the switchboard does not know yet stands where the database stands.
insert into cyphr.switchboard (service, side)
select %(service)s, coalesce((select side from cyphr.switchboard where service = 'database'), 'supabase')
on conflict do nothing;

-- name: read_side
select side from cyphr.switchboard where service = %(service)s;

-- name: read_epoch
select epoch from cyphr.switchboard where service = %(service)s;
