-- Making chats, reading who is in them, and what each person makes of a chat for themselves.

-- They answer with more than they once did, which replacing cannot do.
drop function if exists private.open_direct_chat(uuid, uuid), private.create_group(uuid, text, uuid[]);

-- The direct chat of the acting user and p_other. No row when p_other does not exist. Not shown: the other person blocks
-- this one, and finds the chat only by opening it themselves.
create function private.open_direct_chat(p_chat_id uuid, p_other uuid)
    returns table (chat_id uuid, created boolean, shown boolean)
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
    shown := not exists (select from public.user_blocks where blocker_id = p_other and blocked_id = me);
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
            insert into public.chat_participants (chat_id, user_id, hidden_through_seq)
            values (p_chat_id, me, null), (p_chat_id, p_other, case when not shown then 0 end);
        end if;
        insert into public.direct_chats values (lower, higher, found_chat);
    else
        created := false;
    end if;
    update public.chat_participants member set left_at = null, hidden_through_seq = null
    where member.chat_id = found_chat and member.user_id = me
      and (member.left_at is not null or member.hidden_through_seq is not null);
    return query select found_chat, created, shown;
end
$$;

-- Who is in it; null when one of p_members does not exist, and then nothing is created. Who does not let the acting user
-- add them is left out.
create function private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) returns uuid[]
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    if auth.uid() is null
       or (select count(*) from public.users where id = any (p_members)) <> cardinality(p_members) then
        return null;
    end if;
    insert into public.chats (id, type, name, created_by) values (p_chat_id, 'group', p_name, auth.uid());
    insert into public.chat_participants (chat_id, user_id, role)
    select p_chat_id, member, case when member = auth.uid() then 'owner' else 'member' end
    from unnest(p_members) member
    where member = auth.uid() or private.may_add(member);
    return array(select user_id from public.chat_participants where chat_id = p_chat_id);
end
$$;

-- How many are in the chat; null for a stranger. One check of membership instead of one for each row that policies would
-- make.
create or replace function private.count_members(p_chat_id uuid) returns integer
    language plpgsql stable security definer set search_path = ''
as $$
begin
    if not private.is_member(p_chat_id) then
        return null;
    end if;
    return (select count(*) from public.chat_participants where chat_id = p_chat_id and left_at is null);
end
$$;

-- The first p_limit members of each chat of the acting user: those who administer it, themselves, then the others.
create or replace function private.first_members(p_chat_ids uuid[], p_limit integer)
    returns table (chat_id uuid, user_id uuid, full_name text, cyphr_id text, avatar_url text, role text,
                   received_seq bigint, read_seq bigint)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select listed.chat_id, person.id, person.full_name::text, person.cyphr_id::text,
               private.shown_picture(person.id, person.avatar_url), listed.shown::text, listed.received,
               private.shown_read_seq(person.id, listed.read)
        from unnest(p_chat_ids) wanted
        cross join lateral (select wanted as id, private.heir_of(wanted) as heir
                            where private.is_member(wanted)) mine
        cross join lateral (
            select member.chat_id, member.user_id, member.received_seq as received, member.read_seq as read,
                   member.joined_at as joined,
                   case when member.user_id = mine.heir then 'owner' else coalesce(member.role, 'member') end as shown
            from public.chat_participants member
            where member.chat_id = mine.id and member.left_at is null
            order by private.rank_of(case when member.user_id = mine.heir then 'owner' else member.role end) desc,
                     member.user_id = auth.uid() desc, member.joined_at, member.user_id
            limit p_limit
        ) listed
        join public.users person on person.id = listed.user_id
        order by private.rank_of(listed.shown) desc, listed.user_id = auth.uid() desc, listed.joined, listed.user_id;
end
$$;

-- A page of the members in the order of their ids, after p_after (null: from the first). p_pattern: for ILIKE, or null.
create or replace function private.page_of_members(p_chat_id uuid, p_after uuid, p_pattern text, p_limit integer)
    returns table (user_id uuid, full_name text, cyphr_id text, avatar_url text, role text, received_seq bigint,
                   read_seq bigint)
    language plpgsql stable security definer set search_path = ''
as $$
declare
    heir uuid := private.heir_of(p_chat_id);
begin
    if not private.is_member(p_chat_id) then
        return;
    end if;
    return query
        select person.id, person.full_name::text, person.cyphr_id::text,
               private.shown_picture(person.id, person.avatar_url),
               (case when person.id = heir then 'owner' else coalesce(member.role, 'member') end)::text,
               member.received_seq, private.shown_read_seq(person.id, member.read_seq)
        from public.chat_participants member
        join public.users person on person.id = member.user_id
        where member.chat_id = p_chat_id and member.left_at is null and (p_after is null or member.user_id > p_after)
          and (p_pattern is null or person.full_name ilike p_pattern or person.cyphr_id ilike p_pattern)
        order by member.user_id
        limit p_limit;
end
$$;

-- Change what p_settings names: muted_until (a time, 'infinity', or null), archived. False: no such chat.
create or replace function private.set_chat_settings(p_chat_id uuid, p_settings jsonb) returns boolean
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    update public.chat_participants member
    set muted_until  = case when p_settings ? 'muted_until' then (p_settings ->> 'muted_until')::timestamptz
                            else member.muted_until end,
        archived_seq = case when not p_settings ? 'archived' then member.archived_seq
                            when (p_settings ->> 'archived')::boolean then chat.last_seq end
    from public.chats chat
    where chat.id = p_chat_id and member.chat_id = p_chat_id and member.user_id = auth.uid() and member.left_at is null;
    return found;
end
$$;

-- Pin exactly these chats, in this order. The chats whose place moved; null when one of p_chat_ids is not the acting
-- user's, and then nothing changes.
create or replace function private.set_pinned_chats(p_chat_ids uuid[]) returns uuid[]
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    moved uuid[];
begin
    -- In one order with advance_watermarks, which locks several rows of a person, too.
    perform from public.chat_participants member
    where member.user_id = auth.uid() and (member.chat_id = any (p_chat_ids) or member.pin_place is not null)
    order by member.id for no key update;
    if (select count(*) from public.chat_participants member
        where member.user_id = auth.uid() and member.left_at is null and member.chat_id = any (p_chat_ids))
       <> cardinality(p_chat_ids) then
        return null;
    end if;
    with placed as (
        update public.chat_participants member set pin_place = array_position(p_chat_ids, member.chat_id)
        where member.user_id = auth.uid() and (member.chat_id = any (p_chat_ids) or member.pin_place is not null)
          and member.pin_place is distinct from array_position(p_chat_ids, member.chat_id)
        returning member.chat_id
    )
    select coalesce(array_agg(placed.chat_id), '{}') into moved from placed;
    return moved;
end
$$;

-- Take a direct chat and its history away from the acting user alone. The place through which it is gone; null: no such
-- chat, -1: it is a group.
create or replace function private.clear_direct_chat(p_chat_id uuid) returns bigint
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    chat public.chats;
begin
    if not private.is_member(p_chat_id) then
        return null;
    end if;
    -- Locked, so that a message that is being stored now is either gone with the others or brings the chat back.
    select * into chat from public.chats where id = p_chat_id for update;
    if chat.type = 'group' then
        return -1;
    end if;
    update public.chat_participants member
    set visible_from_seq = chat.last_seq, hidden_through_seq = chat.last_seq, pin_place = null, archived_seq = null,
        received_seq = chat.last_seq, read_seq = chat.last_seq
    where member.chat_id = p_chat_id and member.user_id = auth.uid();
    return chat.last_seq;
end
$$;

revoke all on function private.open_direct_chat(uuid, uuid), private.create_group(uuid, text, uuid[]),
    private.count_members(uuid), private.first_members(uuid[], integer),
    private.page_of_members(uuid, uuid, text, integer), private.set_chat_settings(uuid, jsonb),
    private.set_pinned_chats(uuid[]), private.clear_direct_chat(uuid) from public, anon, authenticated;
grant execute on function private.open_direct_chat(uuid, uuid), private.create_group(uuid, text, uuid[]),
    private.count_members(uuid), private.first_members(uuid[], integer),
    private.page_of_members(uuid, uuid, text, integer), private.set_chat_settings(uuid, jsonb),
    private.set_pinned_chats(uuid[]), private.clear_direct_chat(uuid) to cyphr_app;
