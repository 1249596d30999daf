-- name: create_invite
select private.create_invite(%(invite_id)s, %(chat_id)s, %(token)s, %(expires_at)s, %(max_uses)s);

-- name: revoke_invite
select private.revoke_invite(%(chat_id)s, %(invite_id)s);

-- name: list_invites
-- Row-level security shows them to those who administer the group. Those that still work come first.
select id, token, created_by, created_at, expires_at, max_uses, uses, revoked_at
from public.chat_invites
where chat_id = %(chat_id)s and (%(only)s::uuid is null or id = %(only)s)
order by revoked_at is not null, created_at desc, id
limit 200;

-- name: invited_to
-- The chat that a token opens for this person; null: none.
select private.invited_to(%(token)s);

-- name: preview_invite
select name, avatar_url, member_count, chat_id from private.preview_invite(%(token)s);

-- name: join_by_invite
select outcome, user_ids, notice, member_ids from private.join_by_invite(%(token)s);
