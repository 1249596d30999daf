-- name: store_messages
-- Membership, dedupe, number, row of each: one round-trip. One without a row: no such chat for its sender.
select place, message_id, chat_id, seq, created_at, repeated, member_ids
from private.store_messages(
    %(chat_id)s, %(sender_ids)s::uuid[], %(client_ids)s::uuid[], %(message_ids)s::uuid[], %(contents)s::text[],
    %(reply_to_ids)s::uuid[]
);

-- name: history_after
-- Ascending from a place in the chat; row-level security hides what is not this person's to read.
select id, chat_id, sender_id, client_id, seq, content, coalesce(message_type, 'text') as message_type, reply_to_id,
       coalesce(created_at, to_timestamp(0)) as created_at
from public.messages
where chat_id = %(chat_id)s and seq > %(after)s and seq < %(before)s
order by seq
limit %(limit)s;

-- name: history_before
-- Descending from a place in the chat.
select id, chat_id, sender_id, client_id, seq, content, coalesce(message_type, 'text') as message_type, reply_to_id,
       coalesce(created_at, to_timestamp(0)) as created_at
from public.messages
where chat_id = %(chat_id)s and seq < %(before)s
order by seq desc
limit %(limit)s;

-- name: is_member
select private.is_member(%(chat_id)s);

-- name: list_members
-- No row-level security trick: who is no member gets no rows.
select user_id from public.chat_participants where chat_id = %(chat_id)s and left_at is null;

-- name: list_heads
-- The chats of this person and the last place in each.
select member.chat_id, greatest(chat.last_seq, member.visible_from_seq) as last_seq, member.visible_from_seq
from public.chat_participants member
join public.chats chat on chat.id = member.chat_id
where member.user_id = %(user_id)s and member.left_at is null
order by chat.last_message_time desc nulls last, chat.id;

-- name: advance_watermarks
-- Several chats at once; one row for each that moved. reader_ids: the members who are shown what was read.
select chat_id, received_seq, read_seq, member_ids, private.who_sees_reading(%(user_id)s, member_ids) as reader_ids
from private.advance_watermarks(%(chat_ids)s, %(received)s, %(read)s);
