-- Whom a person keeps away, and who may add them to groups.

-- blocked | no_such_person | self
create or replace function private.block(p_user_id uuid) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    if p_user_id = auth.uid() then
        return 'self';
    end if;
    insert into public.user_blocks (blocker_id, blocked_id)
    select auth.uid(), person.id from public.users person where person.id = p_user_id
    on conflict do nothing;
    return case when exists (select from public.user_blocks where blocker_id = auth.uid() and blocked_id = p_user_id)
                then 'blocked' else 'no_such_person' end;
end
$$;

create or replace function private.unblock(p_user_id uuid) returns void
    language sql volatile security definer set search_path = ''
as $$
    delete from public.user_blocks where blocker_id = (select auth.uid()) and blocked_id = p_user_id
$$;

-- With their names, which row-level security would hide of strangers.
create or replace function private.list_blocked()
    returns table (id uuid, full_name text, cyphr_id text, avatar_url text)
    language sql stable security definer set search_path = ''
as $$
    select person.id, person.full_name::text, person.cyphr_id::text, person.avatar_url
    from public.user_blocks block
    join public.users person on person.id = block.blocked_id
    where block.blocker_id = (select auth.uid())
    order by block.created_at desc, person.id
$$;

create or replace function private.set_chat_privacy(p_who_may_add text) returns void
    language sql volatile security definer set search_path = ''
as $$
    insert into public.chat_privacy (user_id, who_may_add) values ((select auth.uid()), p_who_may_add)
    on conflict (user_id) do update set who_may_add = excluded.who_may_add
$$;

-- May the acting user add this person to a group? A contact shares a group with them, or was written to by them: a direct
-- chat that a stranger opened proves nothing.
create or replace function private.may_add(p_user_id uuid) returns boolean
    language plpgsql stable security definer set search_path = ''
as $$
declare
    me uuid := auth.uid();
begin
    if exists (select from public.user_blocks where blocker_id = p_user_id and blocked_id = me) then
        return false;
    end if;
    if not exists (select from public.chat_privacy where user_id = p_user_id and who_may_add = 'contacts') then
        return true;
    end if;
    return exists (
        select from public.chat_participants mine
        join public.chat_participants theirs on theirs.chat_id = mine.chat_id and theirs.user_id = p_user_id
        join public.chats chat on chat.id = mine.chat_id
        where mine.user_id = me and mine.left_at is null and theirs.left_at is null
          and (chat.type = 'group'
               or exists (select from public.messages said
                          where said.chat_id = chat.id and said.sender_id = p_user_id))
    );
end
$$;

revoke all on function private.block(uuid), private.unblock(uuid), private.list_blocked(),
    private.set_chat_privacy(text), private.may_add(uuid) from public, anon, authenticated;
grant execute on function private.block(uuid), private.unblock(uuid), private.list_blocked(),
    private.set_chat_privacy(text) to cyphr_app;
