-- What policies ask. security definer, so that a policy on a table never has to read that table through itself (the
-- recursion, 42P17, that once made people switch row-level security off).

create or replace function private.is_member(chat uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (
        select from public.chat_participants
        where chat_id = chat and user_id = (select auth.uid()) and left_at is null
    )
$$;

-- A message without seq is about to be numbered in the transaction that inserted it; only that one can see it.
create or replace function private.can_read(chat uuid, message_seq bigint) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (
        select from public.chat_participants
        where chat_id = chat and user_id = (select auth.uid()) and left_at is null
          and (message_seq is null or message_seq > visible_from_seq)
    )
$$;

create or replace function private.shares_chat_with(person uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (
        select from public.chat_participants mine
        join public.chat_participants theirs using (chat_id)
        where mine.user_id = (select auth.uid()) and mine.left_at is null
          and theirs.user_id = person
    )
$$;

revoke all on function private.is_member(uuid), private.can_read(uuid, bigint), private.shares_chat_with(uuid)
    from public, anon;
grant execute on function private.is_member(uuid), private.can_read(uuid, bigint), private.shares_chat_with(uuid)
    to authenticated;
