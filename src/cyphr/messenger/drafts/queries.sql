-- name: put_draft
-- No row: no chat of this person's. The last one written stands.
insert into public.message_drafts (user_id, chat_id, content, reply_to_id, updated_at)
select %(user_id)s, %(chat_id)s, %(content)s, %(reply_to_id)s, clock_timestamp()
where private.is_member(%(chat_id)s)
on conflict (user_id, chat_id) do update
set content = excluded.content, reply_to_id = excluded.reply_to_id, updated_at = excluded.updated_at
returning chat_id, content, reply_to_id, updated_at;

-- name: delete_draft
delete from public.message_drafts where user_id = %(user_id)s and chat_id = %(chat_id)s;

-- name: list_drafts
-- Newest first, of chats one is still in.
select chat_id, content, reply_to_id, updated_at
from public.message_drafts
where user_id = %(user_id)s and (updated_at, chat_id) < (%(before)s, %(before_chat_id)s) and private.is_member(chat_id)
order by updated_at desc, chat_id desc
limit %(limit)s;
