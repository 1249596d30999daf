-- name: list_chats
-- Newest activity first; only_chat_id is null for all of them. What is unread is counted exactly, and only to 1,000.
select chat.id, coalesce(chat.type, 'direct') as type, chat.name, chat.avatar_url, chat.last_seq, chat.last_change,
       chat.disappear_after, unread.messages as unread, unread.mentions as unread_mentions,
       coalesce(chat.created_at, to_timestamp(0)) as created_at
from public.chats chat
join public.chat_participants me on me.chat_id = chat.id and me.user_id = %(user_id)s and me.left_at is null
cross join lateral (
    select count(*) as messages, count(*) filter (where me.user_id = any(message.mentions)) as mentions
    from (select shown.mentions from private.shown_messages shown
          where shown.chat_id = chat.id and shown.seq > me.read_seq and shown.sender_id <> me.user_id
            and shown.message_type <> 'notice' and shown.deleted_at is null and not shown.hidden
          order by shown.seq limit 1000) message
) unread
where %(only_chat_id)s::uuid is null or chat.id = %(only_chat_id)s
order by coalesce(chat.last_message_time, chat.created_at) desc nulls last, chat.id;

-- name: list_members
select member.chat_id, member.user_id, person.full_name, person.cyphr_id, person.avatar_url,
       coalesce(member.role, 'member') as role, member.received_seq, member.read_seq
from public.chat_participants member
join public.users person on person.id = member.user_id
where member.chat_id = any(%(chat_ids)s) and member.left_at is null
order by member.joined_at, member.user_id;

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
select chat_id, created from private.open_direct_chat(%(chat_id)s, %(other_id)s);

-- name: create_group
select private.create_group(%(chat_id)s, %(name)s, %(member_ids)s);
