-- name: find_person
-- By the exact public name. Row-level security would hide strangers, so a narrow function looks.
select id, full_name, cyphr_id, avatar_url from private.find_person(%(cyphr_id)s);
