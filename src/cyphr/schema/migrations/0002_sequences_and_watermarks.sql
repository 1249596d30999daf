-- Every message gets a place in its chat (seq: 1, 2, 3 … without gaps) and a client's own permanent id; every member
-- gets watermarks. Additive: the server before this one goes on inserting messages without any of these columns.

alter table public.chats add column if not exists last_seq bigint not null default 0;
-- Each message updates its chat's row: leave room on the page, so that the update touches no index.
alter table public.chats set (fillfactor = 70);

alter table public.messages add column if not exists seq bigint;
alter table public.messages add column if not exists client_id uuid;

alter table public.chat_participants add column if not exists received_seq bigint not null default 0;
alter table public.chat_participants add column if not exists read_seq bigint not null default 0;
-- The messages that a member may see are those after this one: 0 means from the start.
alter table public.chat_participants add column if not exists visible_from_seq bigint not null default 0;

-- Number what is there, in the order people saw it. The columns just added hold the tables' locks until this ends, so
-- nothing is inserted meanwhile; a project with very many messages numbers them in batches beforehand.
update public.messages message
set seq = numbered.seq
from (select id, row_number() over (partition by chat_id order by created_at, id) as seq from public.messages) numbered
where numbered.id = message.id and message.seq is null;

update public.chats chat
set last_seq = newest.seq
from (select chat_id, max(seq) as seq from public.messages group by chat_id) newest
where newest.chat_id = chat.id and chat.last_seq < newest.seq;

create unique index if not exists messages_chat_seq on public.messages (chat_id, seq);
create unique index if not exists messages_sender_client on public.messages (sender_id, client_id);

-- A message that comes without seq is the old server's, or a restored row. After the insert, not before it: a row that
-- ON CONFLICT turns away must not use up a number. Locking the chat's row keeps the numbers gapless.
create or replace function private.number_message() returns trigger
    language plpgsql security definer set search_path = ''
as $$
declare
    next_seq bigint;
begin
    update public.chats set last_seq = last_seq + 1 where id = new.chat_id returning last_seq into next_seq;
    update public.messages set seq = next_seq where id = new.id;
    return null;
end
$$;
revoke all on function private.number_message() from public;

drop trigger if exists number_message on public.messages;
create trigger number_message after insert on public.messages
    for each row when (new.seq is null) execute function private.number_message();
