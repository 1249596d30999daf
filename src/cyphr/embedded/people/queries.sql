-- What the audit reads of a database, whole rows of simulated people only.

-- name: find_messages
-- Every message of these senders, hashed where it lies. Also those of the chats, so that a stranger's row shows.
select id::text, chat_id::text, sender_id::text, client_id::text, seq,
       encode(sha256(convert_to(coalesce(content, ''), 'UTF8')), 'hex') as sha256
from public.messages
where sender_id = any(%(user_ids)s::uuid[]) or chat_id = any(%(chat_ids)s::uuid[]);

-- name: find_chats
select id::text, type, last_seq
from public.chats
where id = any(%(chat_ids)s::uuid[]);

-- name: find_members
select chat_id::text, user_id::text, received_seq, read_seq
from public.chat_participants
where chat_id = any(%(chat_ids)s::uuid[]) and left_at is null;

-- name: find_accounts
select person.id::text, person.cyphr_id, person.full_name, person.avatar_url, person.pin_hash, address.email
from public.users person
left join public.account_emails address on address.user_id = person.id
where person.id = any(%(user_ids)s::uuid[]);
