-- name: find_messages
-- Newest first. The function finds, the view shows: both ask about membership.
select found.snippet, found.created_at as found_at, message.id, message.chat_id, message.sender_id, message.client_id,
       message.seq, message.content, message.message_type, message.reply_to_id, message.created_at, message.edited_at,
       message.deleted_at, message.expires_at, message.changed, message.forwarded, message.mentions, message.formatting,
       message.reactions, message.hidden
from private.find_messages(%(words)s, %(chat_id)s, %(before)s, %(before_id)s, %(limit)s) found
join private.shown_messages message on message.id = found.message_id
order by found.created_at desc, found.message_id desc;
