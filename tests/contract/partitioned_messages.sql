-- What decision 0038 would do: messages by month, ruled by their ids, which are UUIDs of version 7. The table that is there
-- becomes the default partition, with the old server's ids and everything before the first month.

do $$
declare
    referring record;
begin
    for referring in
        select conrelid::regclass as place, conname from pg_constraint where confrelid = 'public.messages'::regclass
    loop
        execute format('alter table %s drop constraint %I', referring.place, referring.conname);
    end loop;
end
$$;
drop view private.shown_messages;
alter table public.messages rename to messages_before;
drop trigger number_message on public.messages_before;
-- A unique index of a partitioned table must hold the key. The chat's lock keeps (chat_id, seq) unique, and
-- (sender_id, client_id) stays unique within each partition.
drop index public.messages_chat_seq;
create table public.messages (like public.messages_before including defaults) partition by range (id);
alter table public.messages add primary key (id);
create index on public.messages (chat_id, seq);
create index on public.messages (chat_id, changed) where changed is not null;
create index on public.messages (expires_at) where expires_at is not null and deleted_at is null;
create index on public.messages (sender_id, client_id);
create trigger number_message after insert on public.messages
    for each row when (new.seq is null) execute function private.number_message();
alter table public.messages attach partition public.messages_before default;
create table public.messages_2026_01 partition of public.messages
    for values from ('019b76da-a800-7000-8000-000000000000') to ('019c167f-cc00-7000-8000-000000000000');
create table public.messages_2026_02 partition of public.messages
    for values from ('019c167f-cc00-7000-8000-000000000000') to ('019ca6b1-dc00-7000-8000-000000000000');
create unique index on public.messages_2026_01 (sender_id, client_id);
create unique index on public.messages_2026_02 (sender_id, client_id);
