-- Links by which people come into a group. A token that is unknown, revoked, used up or too old, and the token of a group
-- that one is banned from, are all alike: not found.

-- done | not_found | direct | not_allowed | too_many
create or replace function private.create_invite(
    p_invite_id uuid, p_chat_id uuid, p_token text, p_expires_at timestamptz, p_max_uses integer
) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine text := private.enter_chat(p_chat_id);
begin
    if mine is null then
        return 'not_found';
    elsif mine = 'direct' then
        return mine;
    elsif private.rank_of(mine) < 2 then
        return 'not_allowed';
    elsif (select count(*) from public.chat_invites where chat_id = p_chat_id and revoked_at is null
           and (expires_at is null or expires_at > now()) and (max_uses is null or uses < max_uses)) >= 50 then
        return 'too_many';
    end if;
    insert into public.chat_invites (id, chat_id, token, created_by, expires_at, max_uses)
    values (p_invite_id, p_chat_id, p_token, auth.uid(), p_expires_at, p_max_uses);
    return 'done';
end
$$;

-- done | not_found | direct | not_allowed | no_such_invite
create or replace function private.revoke_invite(p_chat_id uuid, p_invite_id uuid) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine text := private.enter_chat(p_chat_id);
begin
    if mine is null then
        return 'not_found';
    elsif mine = 'direct' then
        return mine;
    elsif private.rank_of(mine) < 2 then
        return 'not_allowed';
    end if;
    update public.chat_invites set revoked_at = coalesce(revoked_at, now()) where id = p_invite_id and chat_id = p_chat_id;
    return case when found then 'done' else 'no_such_invite' end;
end
$$;

-- The chat that a token opens for the acting user now; null: none. A group that everybody has left cannot be entered.
create or replace function private.invited_to(p_token text) returns uuid
    language sql stable security definer set search_path = ''
as $$
    select invite.chat_id
    from public.chat_invites invite
    where invite.token = p_token and (select auth.uid()) is not null
      and invite.revoked_at is null and (invite.expires_at is null or invite.expires_at > now())
      and (invite.max_uses is null or invite.uses < invite.max_uses)
      and not exists (select from public.chat_bans ban
                      where ban.chat_id = invite.chat_id and ban.user_id = (select auth.uid()))
      and exists (select from public.chat_participants member
                  where member.chat_id = invite.chat_id and member.left_at is null)
$$;

-- What somebody who holds a token may know before joining. chat_id only for who is in it already.
create or replace function private.preview_invite(p_token text)
    returns table (name text, avatar_url text, member_count integer, chat_id uuid)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select chat.name::text, chat.avatar_url,
               (select count(*)::integer from public.chat_participants member
                where member.chat_id = chat.id and member.left_at is null),
               case when private.is_member(chat.id) then chat.id end
        from public.chats chat where chat.id = private.invited_to(p_token);
end
$$;

-- done | dead_link | full. As the functions of private_groups.sql. Who is in the group already uses nothing up.
create or replace function private.join_by_invite(p_token text)
    returns table (outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    me      uuid := auth.uid();
    chat_id uuid := private.invited_to(p_token);
begin
    perform from public.chats where id = chat_id for update;
    -- Under the lock again: it may have been revoked, used up, or its holder banned meanwhile.
    chat_id := private.invited_to(p_token);
    member_ids := private.live_members(chat_id);
    outcome := case when chat_id is null then 'dead_link'
                    when me <> all (member_ids) and cardinality(member_ids) >= 1024 then 'full' else 'done' end;
    user_ids := '{}';
    if outcome = 'done' and me <> all (member_ids) then
        user_ids := array[me];
        perform private.enrol(chat_id, user_ids);
        update public.chat_invites set uses = uses + 1 where token = p_token;
        notice := private.post_notice(chat_id, me, jsonb_build_object('event', 'member_joined', 'user_ids', user_ids));
        member_ids := private.live_members(chat_id);
    end if;
    return next;
end
$$;

revoke all on function private.create_invite(uuid, uuid, text, timestamptz, integer),
    private.revoke_invite(uuid, uuid), private.invited_to(text), private.preview_invite(text),
    private.join_by_invite(text) from public, anon, authenticated;
grant execute on function private.create_invite(uuid, uuid, text, timestamptz, integer),
    private.revoke_invite(uuid, uuid), private.invited_to(text), private.preview_invite(text), private.join_by_invite(text) to cyphr_app;
