-- name: block
-- blocked | no_such_person | self
select private.block(%(other_id)s);

-- name: unblock
select private.unblock(%(other_id)s);

-- name: list_blocked
select id, full_name, cyphr_id, avatar_url from private.list_blocked();

-- name: find_privacy
-- No row: nothing was chosen. Row-level security shows one's own only.
select who_may_add from public.chat_privacy;

-- name: set_privacy
select private.set_chat_privacy(%(who_may_add)s);
