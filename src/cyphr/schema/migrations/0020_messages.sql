-- What happens to a message after it was stored: edits, deletion, reactions, expiry; drafts; and an index for search.
-- Additive: the server before this one goes on without any of it. The indexes hold up writers while they are built; a
-- project with very many messages builds them concurrently beforehand, and then they are passed over here.

-- A chat's second gapless counter: the state of its messages has changed so many times.
alter table public.chats add column if not exists last_change bigint not null default 0;
-- Messages of this chat vanish so many seconds after they were sent; null: they stay.
alter table public.chats add column if not exists disappear_after integer;

alter table public.messages add column if not exists edited_at timestamptz;
alter table public.messages add column if not exists deleted_at timestamptz;
alter table public.messages add column if not exists expires_at timestamptz;
-- The chat's counter when this message last changed; null: never.
alter table public.messages add column if not exists changed bigint;
-- The name of whoever wrote what this message forwards, as it was then; empty: not told. Neither their id nor the chat.
alter table public.messages add column if not exists forwarded_from text;
alter table public.messages add column if not exists mentions uuid[];
-- [{"kind", "start", "length"}], counted in UTF-16 units.
alter table public.messages add column if not exists formatting jsonb;

create index if not exists messages_chat_changed on public.messages (chat_id, changed) where changed is not null;
create index if not exists messages_expiring on public.messages (expires_at)
    where expires_at is not null and deleted_at is null;
-- Words in Russian and (the same configuration stems what is written in Latin letters) English. The chat is one more word
-- of each message, so that a search within one's own chats never walks through what others wrote.
create index if not exists messages_words on public.messages
    using gin ((to_tsvector('pg_catalog.russian'::regconfig, content) || array_to_tsvector(array[chat_id::text])))
    where content is not null and message_type is distinct from 'notice';

-- What a message said before each edit.
create table if not exists public.message_edits (
    message_id uuid not null references public.messages on delete cascade,
    number     integer not null,
    content    text,
    formatting jsonb,
    written_at timestamptz not null,
    primary key (message_id, number)
);

create table if not exists public.message_reactions (
    message_id uuid not null references public.messages on delete cascade,
    user_id    uuid not null references public.users on delete cascade,
    emoji      text not null,
    created_at timestamptz not null default now(),
    primary key (message_id, emoji, user_id)
);
create index if not exists message_reactions_user on public.message_reactions (user_id);

-- What somebody deleted for themselves alone.
create table if not exists public.hidden_messages (
    user_id    uuid not null references public.users on delete cascade,
    message_id uuid not null references public.messages on delete cascade,
    hidden_at  timestamptz not null default now(),
    primary key (user_id, message_id)
);
create index if not exists hidden_messages_message on public.hidden_messages (message_id);

create table if not exists public.message_drafts (
    user_id     uuid not null references public.users on delete cascade,
    chat_id     uuid not null references public.chats on delete cascade,
    content     text not null,
    reply_to_id uuid,
    updated_at  timestamptz not null default now(),
    primary key (user_id, chat_id)
);
create index if not exists message_drafts_chat on public.message_drafts (chat_id);

-- As before, and a message of the old server vanishes with the others of its chat.
create or replace function private.number_message() returns trigger
    language plpgsql security definer set search_path = ''
as $$
declare
    next_seq bigint;
    seconds  integer;
begin
    update public.chats set last_seq = last_seq + 1 where id = new.chat_id
    returning last_seq, disappear_after into next_seq, seconds;
    update public.messages
    set seq = next_seq, expires_at = coalesce(expires_at, created_at + make_interval(secs => seconds))
    where id = new.id;
    return null;
end
$$;
revoke all on function private.number_message() from public;
