-- name: list_sessions
-- Newest use first.
select id, name, device, user_agent, place, method, factors, created_at, last_used_at, registered_at,
       id = %(current)s as current
from private.list_sessions();

-- name: name_session
select private.name_session(%(session_id)s, %(name)s);

-- name: forget_device
-- Signing in there again is news.
select private.forget_device(%(session_id)s);
