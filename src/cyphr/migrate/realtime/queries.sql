-- name: lock_switchboard
select side from cyphr.switchboard where service = 'realtime' for update;

-- name: flip_switchboard
update cyphr.switchboard set side = %(side)s, epoch = epoch + 1, changed_at = clock_timestamp() where service = 'realtime';
