-- name: list_chats
-- Pinned ones in their order, then newest activity first, after a place of this list (null: from the first).
-- only_chat_id: that chat alone, listed or not. What is unread is counted exactly, and only to 1,000.
with listed as (
    select chat.*, me.received_seq, me.read_seq, me.visible_from_seq, me.pin_place, me.archived_seq,
           me.muted_until, coalesce(me.muted_until > now(), false) as muted,
           coalesce(me.pin_place, 100) as pin,
           extract(epoch from coalesce(chat.last_message_time, chat.created_at, to_timestamp(0))) as activity
    from public.chats chat
    join public.chat_participants me on me.chat_id = chat.id and me.user_id = %(user_id)s and me.left_at is null
    where case when %(only_chat_id)s::uuid is null
               then me.hidden_through_seq is null or chat.last_seq > me.hidden_through_seq
               else chat.id = %(only_chat_id)s end
), page as (
    select * from listed
    where %(after_pin)s::integer is null
       or (pin, -activity, id) > (%(after_pin)s::integer, -%(after_activity)s::numeric, %(after_id)s::uuid)
    order by pin, activity desc, id
    limit %(limit)s
)
select id, coalesce(type, 'direct') as type, name, avatar_url, last_seq, last_change, disappear_after,
       coalesce(created_at, to_timestamp(0)) as created_at, who_may_send, who_may_add, who_may_change, history, pin, activity,
       coalesce(private.count_members(id), 0) as member_count,
       jsonb_build_object(
           'role', private.role_of(id, %(user_id)s), 'received_seq', received_seq, 'read_seq', read_seq,
           'visible_from_seq', visible_from_seq, 'pin_place', pin_place,
           'muted_for_ever', coalesce(muted_until = 'infinity', false),
           'muted_until', case when muted and muted_until < 'infinity' then muted_until end,
           'archived', archived_seq is not null and (muted or last_seq <= archived_seq),
           'unread', unread.messages, 'unread_mentions', unread.mentions) as mine
from page
cross join lateral (
    select count(*) as messages, count(*) filter (where %(user_id)s = any(message.mentions)) as mentions
    from (select shown.mentions from private.shown_messages shown
          where shown.chat_id = page.id and shown.seq > page.read_seq and shown.sender_id <> %(user_id)s
            and shown.message_type <> 'notice' and shown.deleted_at is null and not shown.hidden
          order by shown.seq limit 1000) message
) unread
order by pin, activity desc, id;

-- name: list_members
-- The first few of each chat.
select chat_id, user_id, full_name, cyphr_id, avatar_url, role, received_seq, read_seq
from private.first_members(%(chat_ids)s, %(limit)s);

-- name: page_of_members
select user_id, full_name, cyphr_id, avatar_url, role, received_seq, read_seq
from private.page_of_members(%(chat_id)s, %(after)s, %(pattern)s, %(limit)s);

-- name: list_last_messages
-- The last message of each chat, where this person may read it.
select message.id, message.chat_id, message.sender_id, message.client_id, message.seq, message.content,
       message.message_type, message.reply_to_id, message.created_at, message.edited_at, message.deleted_at,
       message.expires_at, message.changed, message.forwarded, message.mentions, message.formatting, message.reactions,
       message.hidden
from public.chats chat
join private.shown_messages message on message.chat_id = chat.id and message.seq = chat.last_seq
where chat.id = any(%(chat_ids)s);

-- name: open_direct_chat
-- No row: there is no such person.
select chat_id, created, shown from private.open_direct_chat(%(chat_id)s, %(other_id)s);

-- name: create_group
-- Who is in it; null: one of the members does not exist.
select private.create_group(%(chat_id)s, %(name)s, %(member_ids)s);

-- name: set_chat_settings
select private.set_chat_settings(%(chat_id)s, %(settings)s::jsonb);

-- name: set_pinned_chats
-- The chats whose place moved; null: one of them is not this person's.
select private.set_pinned_chats(%(chat_ids)s);

-- name: clear_direct_chat
-- null: no such chat. -1: it is a group.
select private.clear_direct_chat(%(chat_id)s);

-- name: role_of
-- null: this person is not in it.
select private.role_of(%(chat_id)s, %(user_id)s);

-- name: change_disappearing
select outcome, user_ids, notice, member_ids from private.change_disappearing(%(chat_id)s, %(seconds)s);
