-- name: store_messages
-- Membership, dedupe, number, row of each: one round-trip. One without a row: no such chat for its sender.
select place, message_id, chat_id, seq, created_at, expires_at, repeated, refusal, array_send(member_ids)
from private.store_messages(
    %(chat_ids)s::uuid[], %(sender_ids)s::uuid[], %(client_ids)s::uuid[], %(message_ids)s::uuid[], %(contents)s::text[],
    %(reply_to_ids)s::uuid[], %(mentions)s::text[], %(formatting)s::jsonb[], %(forwarded_from)s::text[]
);

-- name: find_original
-- What is forwarded, if this person may read it now. Who forwards a forwarded message repeats its first writer's name.
select content, formatting,
       coalesce(case when forwarded is not null then coalesce(forwarded ->> 'sender_name', '') end,
                (select full_name from public.users where id = sender_id), '') as sender_name
from private.shown_messages
where id = %(message_id)s and content is not null and message_type = 'text';

-- name: history_after
-- Ascending from a place in the chat; the view shows what is this person's to read, and empty places.
select id, chat_id, sender_id, client_id, seq, content, message_type, reply_to_id, created_at, edited_at, deleted_at,
       expires_at, changed, forwarded, mentions, formatting, reactions, hidden
from private.shown_messages
where chat_id = %(chat_id)s and seq > %(after)s and seq < %(before)s
order by seq
limit %(limit)s;

-- name: history_before
-- Descending from a place in the chat.
select id, chat_id, sender_id, client_id, seq, content, message_type, reply_to_id, created_at, edited_at, deleted_at,
       expires_at, changed, forwarded, mentions, formatting, reactions, hidden
from private.shown_messages
where chat_id = %(chat_id)s and seq < %(before)s
order by seq desc
limit %(limit)s;

-- name: find_message
select id, chat_id, sender_id, client_id, seq, content, message_type, reply_to_id, created_at, edited_at, deleted_at,
       expires_at, changed, forwarded, mentions, formatting, reactions, hidden
from private.shown_messages
where id = %(message_id)s and chat_id = %(chat_id)s;

-- name: list_changed
-- What changed after a point, as it is now, in the order of the changes.
select id, chat_id, sender_id, client_id, seq, content, message_type, reply_to_id, created_at, edited_at, deleted_at,
       expires_at, changed, forwarded, mentions, formatting, reactions, hidden
from private.shown_messages
where chat_id = %(chat_id)s and changed > %(after)s
order by changed
limit %(limit)s;

-- name: find_last_change
-- Null: no chat of this person's.
select last_change from public.chats where id = %(chat_id)s;

-- name: is_member
select private.is_member(%(chat_id)s);

-- name: list_members
-- No row-level security trick: who is no member gets no rows.
select user_id from public.chat_participants where chat_id = %(chat_id)s and left_at is null;

-- name: list_heads
-- The chats of this person, the last place in each and its counter of changes.
select member.chat_id, greatest(chat.last_seq, member.visible_from_seq) as last_seq, member.visible_from_seq,
       chat.last_change
from public.chat_participants member
join public.chats chat on chat.id = member.chat_id
where member.user_id = %(user_id)s and member.left_at is null
order by chat.last_message_time desc nulls last, chat.id;

-- name: advance_watermarks
-- Several people's at once; one row for each that moved. blind_ids: the members who are not shown what was read;
-- who has read nothing hides nothing.
select user_id, chat_id, received_seq, read_seq, told_ids,
       case when read_seq > 0 then private.blind_to_reading(user_id, chat_id) end as blind_ids
from private.advance_watermarks(%(user_ids)s::uuid[], %(chat_ids)s::uuid[], %(received)s::bigint[], %(read)s::bigint[]);

-- name: edit_message
select outcome, change, seeing_ids, blind_ids
from private.edit_message(
    %(chat_id)s, %(message_id)s, %(content)s, %(formatting)s::jsonb, %(mentions)s::uuid[]);

-- name: delete_message
select outcome, change, seeing_ids, blind_ids from private.delete_message(%(chat_id)s, %(message_id)s);

-- name: react
select outcome, change, seeing_ids, blind_ids
from private.react(%(chat_id)s, %(message_id)s, %(emoji)s, %(wanted)s);

-- name: hide_message
select private.hide_message(%(chat_id)s, %(message_id)s);

-- name: sweep_expired
select private.sweep_expired(%(limit)s);

-- name: list_edits
-- Empty once the message is deleted or has expired.
select edit.content, coalesce(edit.formatting, '[]') as formatting, edit.written_at
from public.message_edits edit
join private.shown_messages message on message.id = edit.message_id and message.content is not null
where message.id = %(message_id)s and message.chat_id = %(chat_id)s
order by edit.number;

-- name: list_receipts
-- By the members' watermarks; who joined later is not asked.
select member.user_id,
       case when private.shown_read_seq(member.user_id, member.read_seq) >= message.seq then 'read' when member.received_seq >= message.seq then 'delivered'
            else 'sent' end as state
from private.shown_messages message
join public.chat_participants member
    on member.chat_id = message.chat_id and member.left_at is null and member.user_id <> message.sender_id
       and member.visible_from_seq < message.seq
where message.id = %(message_id)s and message.chat_id = %(chat_id)s
  and (%(cursor)s::uuid is null or member.user_id > %(cursor)s)
order by member.user_id
limit %(limit)s;

-- name: list_reacting
select reaction.user_id
from public.message_reactions reaction
where reaction.message_id = %(message_id)s and reaction.emoji = %(emoji)s
  and (%(cursor)s::uuid is null or reaction.user_id > %(cursor)s)
order by reaction.user_id
limit %(limit)s;
