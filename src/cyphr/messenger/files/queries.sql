-- name: hold_service
-- The side that files stand on; a handover of them waits until this transaction ends.
select private.hold_service('files');

-- name: record_object
select private.record_object(%(bucket)s, %(name)s, %(size)s, %(media_type)s);

-- name: set_avatar
select id, full_name, cyphr_id, avatar_url from private.set_avatar(%(url)s);
