-- Creating chats. The acting user becomes a member with the others in one transaction.

-- The direct chat of the acting user and p_other. No row when p_other does not exist.
create or replace function private.open_direct_chat(p_chat_id uuid, p_other uuid)
    returns table (chat_id uuid, created boolean)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    me     uuid := auth.uid();
    lower  uuid := least(auth.uid(), p_other);
    higher uuid := greatest(auth.uid(), p_other);
    found_chat uuid;
begin
    if me is null or not exists (select from public.users where id = p_other) then
        return;
    end if;
    -- Both of the pair may open it at this moment: one waits for the other.
    perform pg_advisory_xact_lock(hashtextextended(lower::text || higher::text, 0));
    select known.chat_id into found_chat from public.direct_chats known
    where known.lower_user_id = lower and known.higher_user_id = higher;
    if found_chat is null then
        -- One that the old server made for exactly these two is adopted.
        select chat.id into found_chat from public.chats chat
        join public.chat_participants mine on mine.chat_id = chat.id and mine.user_id = me
        join public.chat_participants theirs on theirs.chat_id = chat.id and theirs.user_id = p_other
        where chat.type = 'direct'
          and (select count(*) from public.chat_participants everyone where everyone.chat_id = chat.id) = 2
          and not exists (select from public.direct_chats known where known.chat_id = chat.id)
        order by chat.created_at, chat.id limit 1;
        created := found_chat is null;
        if created then
            found_chat := p_chat_id;
            insert into public.chats (id, type, name, created_by) values (p_chat_id, 'direct', null, me);
            insert into public.chat_participants (chat_id, user_id) values (p_chat_id, me), (p_chat_id, p_other);
        end if;
        insert into public.direct_chats values (lower, higher, found_chat);
    else
        created := false;
    end if;
    update public.chat_participants member set left_at = null
    where member.chat_id = found_chat and member.user_id = me and member.left_at is not null;
    return query select found_chat, created;
end
$$;

-- False when one of p_members does not exist; then nothing is created.
create or replace function private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) returns boolean
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    if auth.uid() is null
       or (select count(*) from public.users where id = any (p_members)) <> cardinality(p_members) then
        return false;
    end if;
    insert into public.chats (id, type, name, created_by) values (p_chat_id, 'group', p_name, auth.uid());
    insert into public.chat_participants (chat_id, user_id, role)
    select p_chat_id, member, case when member = auth.uid() then 'owner' else 'member' end
    from unnest(p_members) member;
    return true;
end
$$;

revoke all on function private.open_direct_chat(uuid, uuid), private.create_group(uuid, text, uuid[])
    from public, anon, authenticated;
grant execute on function private.open_direct_chat(uuid, uuid), private.create_group(uuid, text, uuid[]) to cyphr_app;
