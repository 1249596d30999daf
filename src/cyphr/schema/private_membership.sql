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

-- A group without an owner is the old server's, or its owner has deleted their account: this one counts as owner until
-- the next change writes it down. Null when there is an owner, and for direct chats.
create or replace function private.heir_of(chat uuid) returns uuid
    language sql stable security definer set search_path = ''
as $$
    select member.user_id
    from public.chats known
    join public.chat_participants member on member.chat_id = known.id and member.left_at is null
    where known.id = chat and known.type = 'group'
      and not exists (
          select from public.chat_participants owner
          where owner.chat_id = chat and owner.left_at is null and owner.role = 'owner')
    order by coalesce(member.user_id = known.created_by, false) desc, coalesce(member.role = 'admin', false) desc,
             member.joined_at nulls first, member.user_id
    limit 1
$$;

-- owner | admin | member; null for who is not in the chat.
create or replace function private.role_of(p_chat_id uuid, p_user_id uuid) returns text
    language sql stable security definer set search_path = ''
as $$
    select case
               when member.role = 'owner' or private.heir_of(p_chat_id) = p_user_id then 'owner'
               else coalesce(member.role, 'member')
           end
    from public.chat_participants member
    where member.chat_id = p_chat_id and member.user_id = p_user_id and member.left_at is null
$$;

-- Roles in their order. A role that the old server may have invented counts as member.
create or replace function private.rank_of(role text) returns integer
    language sql immutable set search_path = ''
as $$
    select case role when 'owner' then 3 when 'admin' then 2 else 1 end
$$;

create or replace function private.is_admin(p_chat_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select coalesce(private.role_of(p_chat_id, (select auth.uid())) in ('owner', 'admin'), false)
$$;

-- May this member send messages to the chat? In a direct chat the answer is the same for both, so that it does not tell who
-- of the two blocked whom. plpgsql, because it is asked for every message: its plans are kept.
create or replace function private.may_send(p_chat_id uuid, p_user_id uuid) returns boolean
    language plpgsql stable security definer set search_path = ''
as $$
declare
    kind    text;
    senders text;
begin
    select type, who_may_send into kind, senders from public.chats where id = p_chat_id;
    if kind = 'group' then
        return senders = 'member' or private.rank_of(private.role_of(p_chat_id, p_user_id)) >= 2;
    end if;
    -- Two looks into an index are enough for most people, who have to do with no block at all.
    if not exists (select from public.user_blocks where blocker_id = p_user_id)
       and not exists (select from public.user_blocks where blocked_id = p_user_id) then
        return true;
    end if;
    return not exists (
        select from public.chat_participants other
        join public.user_blocks block
            on (block.blocker_id = p_user_id and block.blocked_id = other.user_id)
            or (block.blocked_id = p_user_id and block.blocker_id = other.user_id)
        where other.chat_id = p_chat_id and other.user_id <> p_user_id
    );
end
$$;

create or replace function private.may_write(p_chat_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select private.is_member(p_chat_id) and private.may_send(p_chat_id, (select auth.uid()))
$$;

revoke all on function private.is_member(uuid), private.can_read(uuid, bigint), private.shares_chat_with(uuid),
    private.is_admin(uuid), private.may_write(uuid) from public, anon;
revoke all on function private.heir_of(uuid), private.role_of(uuid, uuid), private.rank_of(text),
    private.may_send(uuid, uuid) from public, anon, authenticated;
grant execute on function private.is_member(uuid), private.can_read(uuid, bigint), private.shares_chat_with(uuid),
    private.is_admin(uuid), private.may_write(uuid) to authenticated;
grant execute on function private.role_of(uuid, uuid) to cyphr_app;
