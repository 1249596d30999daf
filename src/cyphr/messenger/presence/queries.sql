-- name: read_privacy
-- No row: nothing was set yet.
select last_seen, picture, read_receipts from public.privacy_settings where user_id = %(user_id)s;

-- name: set_privacy
select private.set_privacy(%(last_seen)s, %(picture)s, %(read_receipts)s);

-- name: is_member
select private.is_member(%(chat_id)s);

-- name: read_presence
-- The members who show it, and when they were last here.
select user_id, last_seen from private.read_presence(%(chat_id)s, %(limit)s);

-- name: record_presence
select private.record_presence(%(user_ids)s::uuid[], %(online)s::boolean[], %(seen_at)s::timestamptz[]);
