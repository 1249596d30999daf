-- Everything that changes a group: who is in it, as what, and what it is called; and how long messages of any chat live. Each function takes the chat's lock, so
-- that two people at once cannot leave a group without an owner, above its limit, or with somebody banned in it.
--
-- Each answers with one row: a word; whom it touched; the notice that was posted, as a message on the wire (null: nothing
-- was changed); who is in the chat now.

create or replace function private.live_members(p_chat_id uuid) returns uuid[]
    language sql stable security definer set search_path = ''
as $$
    select coalesce(array_agg(user_id), '{}') from public.chat_participants where chat_id = p_chat_id and left_at is null
$$;

-- Lock a chat and say what the acting user is in it: owner, admin, member, direct (not a group), null (not in it). A
-- stranger must not be able to hold up a chat: membership first, then the lock, then membership again.
create or replace function private.enter_chat(p_chat_id uuid) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    kind text;
begin
    if not private.is_member(p_chat_id) then
        return null;
    end if;
    select type into kind from public.chats where id = p_chat_id for update;
    if not private.is_member(p_chat_id) then
        return null;
    end if;
    if kind is distinct from 'group' then
        return 'direct';
    end if;
    update public.chat_participants set role = 'owner'
    where chat_id = p_chat_id and user_id = private.heir_of(p_chat_id);
    return private.role_of(p_chat_id, auth.uid());
end
$$;

-- Write down in the chat itself, under its next number, that something changed. The caller holds the chat's lock. The
-- message as it is on the wire.
create or replace function private.post_notice(p_chat_id uuid, p_actor uuid, p_content jsonb) returns jsonb
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    notice_id uuid := gen_random_uuid();
    posted_at timestamptz := clock_timestamp();
    place     bigint;
begin
    update public.chats
    set last_seq = last_seq + 1, last_message_id = notice_id, last_message_time = posted_at, updated_at = posted_at
    where id = p_chat_id returning last_seq into place;
    insert into public.messages (id, chat_id, sender_id, content, message_type, created_at, updated_at, seq)
    values (notice_id, p_chat_id, p_actor, p_content::text, 'notice', posted_at, posted_at, place);
    return jsonb_build_object(
        'id', notice_id, 'chat_id', p_chat_id, 'sender_id', p_actor, 'client_id', null, 'seq', place,
        'content', p_content::text, 'message_type', 'notice', 'reply_to_id', null, 'created_at', posted_at,
        'edited_at', null, 'deleted_at', null, 'expires_at', null, 'changed', null, 'forwarded', null, 'mentions', '[]'::jsonb,
        'formatting', '[]'::jsonb, 'reactions', '[]'::jsonb, 'hidden', false);
end
$$;

-- Make these people members, whether or not they were before. What was sent before is neither unread nor, unless the
-- chat shows its history, visible.
create or replace function private.enrol(p_chat_id uuid, p_user_ids uuid[]) returns void
    language sql volatile security definer set search_path = ''
as $$
    insert into public.chat_participants as member
        (chat_id, user_id, role, joined_at, visible_from_seq, received_seq, read_seq)
    select chat.id, person, 'member', clock_timestamp(),
           case chat.history when 'start' then 0 else chat.last_seq end, chat.last_seq, chat.last_seq
    from public.chats chat, unnest(p_user_ids) person
    where chat.id = p_chat_id
    on conflict (chat_id, user_id) do update
    set role = 'member', left_at = null, joined_at = excluded.joined_at, visible_from_seq = excluded.visible_from_seq,
        received_seq = excluded.received_seq, read_seq = excluded.read_seq, archived_seq = null, pin_place = null,
        hidden_through_seq = null
$$;

-- done | not_found | direct | not_allowed | no_such_person | full. Who is in already, is banned, or does not let the
-- acting user add them is passed over.
create or replace function private.add_members(p_chat_id uuid, p_user_ids uuid[])
    returns table (outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine    text := private.enter_chat(p_chat_id);
    chat    public.chats;
    present uuid[];
begin
    select * into chat from public.chats where id = p_chat_id;
    present := private.live_members(p_chat_id);
    user_ids := array(
        select person.id from public.users person
        where person.id = any (p_user_ids) and person.id <> all (present) and private.may_add(person.id)
          and not exists (select from public.chat_bans ban where ban.chat_id = p_chat_id and ban.user_id = person.id));
    outcome := case
        when mine is null then 'not_found'
        when mine = 'direct' then mine
        when private.rank_of(mine) < private.rank_of(chat.who_may_add) then 'not_allowed'
        when (select count(*) from public.users where id = any (p_user_ids)) < cardinality(p_user_ids) then 'no_such_person'
        when cardinality(present) + cardinality(user_ids) > 1024 then 'full'
        else 'done'
    end;
    if outcome = 'done' and user_ids <> '{}' then
        perform private.enrol(p_chat_id, user_ids);
        notice := private.post_notice(
            p_chat_id, auth.uid(), jsonb_build_object('event', 'member_added', 'user_ids', user_ids));
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- done | not_found | direct | not_allowed | self | no_such_member. p_ban: and keep away; also who has left already.
create or replace function private.remove_member(p_chat_id uuid, p_user_id uuid, p_ban boolean)
    returns table (outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine   text := private.enter_chat(p_chat_id);
    target public.chat_participants;
    banned boolean := exists (select from public.chat_bans where chat_id = p_chat_id and user_id = p_user_id);
begin
    select * into target from public.chat_participants where chat_id = p_chat_id and user_id = p_user_id;
    outcome := case
        when mine is null then 'not_found'
        when mine = 'direct' then mine
        when private.rank_of(mine) < 2 then 'not_allowed'
        when p_user_id = auth.uid() then 'self'
        when target.id is null or (target.left_at is not null and not p_ban) then 'no_such_member'
        when target.left_at is null and private.rank_of(mine) <= private.rank_of(target.role) then 'not_allowed'
        else 'done'
    end;
    user_ids := case when target.left_at is null then array[p_user_id] else '{}' end;
    if outcome = 'done' and (target.left_at is null or not banned) then
        update public.chat_participants set left_at = clock_timestamp(), pin_place = null where id = target.id and left_at is null;
        if p_ban then
            insert into public.chat_bans (chat_id, user_id, banned_by) values (p_chat_id, p_user_id, auth.uid())
            on conflict do nothing;
        end if;
        notice := private.post_notice(p_chat_id, auth.uid(), jsonb_build_object(
            'event', case when p_ban then 'member_banned' else 'member_removed' end, 'user_ids', array[p_user_id]));
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- done | not_found | direct | not_allowed. Lifting a ban that is not there changes nothing.
create or replace function private.lift_ban(p_chat_id uuid, p_user_id uuid)
    returns table (outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine text := private.enter_chat(p_chat_id);
begin
    outcome := case when mine is null then 'not_found' when mine = 'direct' then mine
                    when private.rank_of(mine) < 2 then 'not_allowed' else 'done' end;
    if outcome = 'done' then
        delete from public.chat_bans where chat_id = p_chat_id and user_id = p_user_id;
        if found then
            notice := private.post_notice(
                p_chat_id, auth.uid(), jsonb_build_object('event', 'ban_lifted', 'user_ids', array[p_user_id]));
        end if;
    end if;
    user_ids := '{}';
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- done | not_found | direct. When the owner leaves, the longest-serving admin follows, or else the longest-serving member.
create or replace function private.leave_group(p_chat_id uuid)
    returns table (outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine      text := private.enter_chat(p_chat_id);
    successor uuid;
    content   jsonb := jsonb_build_object('event', 'member_left', 'user_ids', array[auth.uid()]);
begin
    outcome := case when mine is null then 'not_found' when mine = 'direct' then mine else 'done' end;
    user_ids := array[auth.uid()];
    if outcome = 'done' then
        update public.chat_participants set left_at = clock_timestamp(), pin_place = null
        where chat_id = p_chat_id and user_id = auth.uid();
        if mine = 'owner' and not exists (
            select from public.chat_participants where chat_id = p_chat_id and left_at is null and role = 'owner') then
            update public.chat_participants member set role = 'owner'
            where member.id = (
                select next.id from public.chat_participants next
                where next.chat_id = p_chat_id and next.left_at is null
                order by private.rank_of(next.role) desc, next.joined_at nulls first, next.user_id limit 1)
            returning member.user_id into successor;
            content := content || jsonb_build_object('owner', successor);
        end if;
        notice := private.post_notice(p_chat_id, auth.uid(), content);
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- done | not_found | direct | not_allowed | self | no_such_member. Only the owner gives roles. Giving away 'owner' makes
-- the giver an admin.
create or replace function private.set_role(p_chat_id uuid, p_user_id uuid, p_role text)
    returns table (outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine   text := private.enter_chat(p_chat_id);
    target public.chat_participants;
begin
    select * into target from public.chat_participants
    where chat_id = p_chat_id and user_id = p_user_id and left_at is null;
    outcome := case
        when mine is null then 'not_found'
        when mine = 'direct' then mine
        when mine <> 'owner' then 'not_allowed'
        when p_user_id = auth.uid() then 'self'
        when target.id is null then 'no_such_member'
        else 'done'
    end;
    user_ids := array[p_user_id];
    if outcome = 'done' and target.role is distinct from p_role then
        if p_role = 'owner' then
            update public.chat_participants set role = 'admin' where chat_id = p_chat_id and role = 'owner';
        end if;
        update public.chat_participants set role = p_role where id = target.id;
        notice := private.post_notice(p_chat_id, auth.uid(), jsonb_build_object(
            'event', 'role_changed', 'user_ids', user_ids, 'role', p_role));
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- done | not_found | direct | not_allowed. p_changes: any of name, avatar_url, who_may_send, who_may_add, who_may_change,
-- history. Name and picture are for whom the group lets change them, the rest is for those who administer it.
create or replace function private.change_group(p_chat_id uuid, p_changes jsonb)
    returns table (outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine    text := private.enter_chat(p_chat_id);
    chat    public.chats;
    wanted  public.chats;
    rules   constant text[] := array['who_may_send', 'who_may_add', 'who_may_change', 'history'];
begin
    select * into chat from public.chats where id = p_chat_id;
    wanted := jsonb_populate_record(chat, p_changes);
    outcome := case
        when mine is null then 'not_found'
        when mine = 'direct' then mine
        when private.rank_of(mine) < private.rank_of(chat.who_may_change) then 'not_allowed'
        when private.rank_of(mine) < 2 and p_changes ?| rules then 'not_allowed'
        else 'done'
    end;
    user_ids := '{}';
    if outcome = 'done' and wanted is distinct from chat then
        update public.chats set name = wanted.name, avatar_url = wanted.avatar_url, who_may_send = wanted.who_may_send,
            who_may_add = wanted.who_may_add, who_may_change = wanted.who_may_change, history = wanted.history
        where id = p_chat_id;
        notice := private.post_notice(
            p_chat_id, auth.uid(), jsonb_build_object('event', 'chat_changed', 'changes', p_changes));
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- Messages sent from now on vanish after so many seconds; null: they stay. Either of two people may say so, in a group its
-- owner and admins. done | not_found | not_allowed
create or replace function private.change_disappearing(p_chat_id uuid, p_seconds integer)
    returns table (outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    mine text := private.enter_chat(p_chat_id);
begin
    outcome := case when mine is null then 'not_found'
                    when mine <> 'direct' and private.rank_of(mine) < 2 then 'not_allowed' else 'done' end;
    if outcome = 'done' then
        update public.chats set disappear_after = p_seconds
        where id = p_chat_id and disappear_after is distinct from p_seconds;
        if found then
            notice := private.post_notice(p_chat_id, auth.uid(), jsonb_build_object(
                'event', 'chat_changed', 'changes', jsonb_build_object('disappear_after', p_seconds)));
        end if;
    end if;
    user_ids := '{}';
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

revoke all on function private.live_members(uuid), private.enter_chat(uuid), private.post_notice(uuid, uuid, jsonb),
    private.enrol(uuid, uuid[]), private.add_members(uuid, uuid[]), private.remove_member(uuid, uuid, boolean),
    private.lift_ban(uuid, uuid), private.leave_group(uuid), private.set_role(uuid, uuid, text),
    private.change_group(uuid, jsonb), private.change_disappearing(uuid, integer) from public, anon, authenticated;
grant execute on function private.add_members(uuid, uuid[]), private.remove_member(uuid, uuid, boolean),
    private.lift_ban(uuid, uuid), private.leave_group(uuid), private.set_role(uuid, uuid, text),
    private.change_group(uuid, jsonb), private.change_disappearing(uuid, integer) to cyphr_app;
