-- name: add_members
select outcome, user_ids, notice, member_ids from private.add_members(%(chat_id)s, %(user_ids)s::uuid[]);

-- name: remove_member
select outcome, user_ids, notice, member_ids from private.remove_member(%(chat_id)s, %(user_id)s, %(ban)s);

-- name: leave_group
select outcome, user_ids, notice, member_ids from private.leave_group(%(chat_id)s);

-- name: lift_ban
select outcome, user_ids, notice, member_ids from private.lift_ban(%(chat_id)s, %(user_id)s);

-- name: set_role
select outcome, user_ids, notice, member_ids from private.set_role(%(chat_id)s, %(user_id)s, %(role)s);

-- name: change_group
select outcome, user_ids, notice, member_ids from private.change_group(%(chat_id)s, %(changes)s::jsonb);

-- name: list_bans
-- Row-level security shows them to those who administer the group.
select jsonb_build_object('id', person.id, 'full_name', person.full_name, 'cyphr_id', person.cyphr_id,
                          'avatar_url', person.avatar_url) as person,
       ban.banned_by, ban.created_at
from public.chat_bans ban
join public.users person on person.id = ban.user_id
where ban.chat_id = %(chat_id)s
order by ban.created_at desc, ban.user_id;
