-- What happens to a message after it was stored. Every change takes the chat's lock and the next number of the chat's
-- counter of changes, so that a client that sees a gap in them asks for the rest. Each answers with a word; the one for a
-- change that was made is 'changed', for one that is there already 'same'.

-- Lock the chat, if the acting user is in it: a stranger must not be able to hold up a chat. What is asked after it is
-- asked under the lock. Each change also locks the message itself, which a sweep then passes over.
create or replace function private.lock_own_chat(p_chat_id uuid) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    if private.is_member(p_chat_id) then
        perform from public.chats where id = p_chat_id for no key update;
    end if;
end
$$;

create or replace function private.knows_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select private.can_read(p_chat_id, p_seq) and not exists (
        select from public.hidden_messages hidden
        where hidden.user_id = (select auth.uid()) and hidden.message_id = p_message_id)
$$;

-- Who hears of a change of a message: seeing_ids are the members who hear all of it; blind_ids those who may not know of
-- the message, or hid it, and hear the number alone.
create or replace function private.hearers_of(p_chat_id uuid, p_message_id uuid, p_seq bigint)
    returns table (seeing_ids uuid[], blind_ids uuid[])
    language sql stable security definer set search_path = ''
as $$
    select array_agg(member.user_id) filter (where judged.sees), array_agg(member.user_id) filter (where not judged.sees)
    from public.chat_participants member
    cross join lateral (
        select p_seq > member.visible_from_seq and not exists (
            select from public.hidden_messages hidden
            where hidden.user_id = member.user_id and hidden.message_id = p_message_id) as sees
    ) judged
    where member.chat_id = p_chat_id and member.left_at is null
$$;

-- Number the change of a message.
create or replace function private.number_change(p_chat_id uuid, p_message_id uuid, p_seq bigint)
    returns table (outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    outcome := 'changed';
    update public.chats chat set last_change = chat.last_change + 1 where chat.id = p_chat_id
    returning chat.last_change into change;
    update public.messages message set changed = change, updated_at = clock_timestamp() where message.id = p_message_id;
    select hearers.seeing_ids, hearers.blind_ids into seeing_ids, blind_ids
    from private.hearers_of(p_chat_id, p_message_id, p_seq) hearers;
    return next;
end
$$;

-- The answer when nothing is changed. What is the 'same' already may have been made so by a first try that the server never
-- heard of, and told nobody of: with it come the number of the last change and its hearers.
create or replace function private.no_change(p_outcome text, p_message public.messages)
    returns table (outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    language plpgsql stable security definer set search_path = ''
as $$
begin
    outcome := p_outcome;
    if p_outcome = 'same' and p_message.changed is not null then
        change := p_message.changed;
        select hearers.seeing_ids, hearers.blind_ids into seeing_ids, blind_ids
        from private.hearers_of(p_message.chat_id, p_message.id, p_message.seq) hearers;
    end if;
    return next;
end
$$;

-- same | changed | not_found | gone | not_sender | not_text | too_late | too_often | mention
create or replace function private.edit_message(
    p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]
) returns table (outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    held  public.messages;
    edits integer;
begin
    perform private.lock_own_chat(p_chat_id);
    select message.* into held from public.messages message
    where message.id = p_message_id and message.chat_id = p_chat_id
      and private.knows_of(p_chat_id, p_message_id, message.seq)
    for no key update of message;
    select count(*) into edits from public.message_edits where message_id = p_message_id;
    outcome := case
        when held.id is null then 'not_found'
        when held.deleted_at is not null or held.expires_at <= clock_timestamp() then 'gone'
        when held.sender_id <> auth.uid() then 'not_sender'
        when coalesce(held.message_type, 'text') <> 'text' or held.forwarded_from is not null then 'not_text'
        when (held.content, held.formatting, held.mentions) is not distinct from (p_content, p_formatting, p_mentions)
            then 'same'
        when held.created_at is null or held.created_at < clock_timestamp() - interval '15 minutes' then 'too_late'
        when edits >= 50 then 'too_often'
        when exists (select from unnest(p_mentions) as named (user_id)
                     where not exists (select from public.chat_participants other
                                       where other.chat_id = p_chat_id and other.user_id = named.user_id
                                         and other.left_at is null)) then 'mention'
    end;
    if outcome is not null then
        return query select * from private.no_change(outcome, held);
        return;
    end if;
    insert into public.message_edits (message_id, number, content, formatting, written_at)
    values (held.id, edits + 1, held.content, held.formatting, coalesce(held.edited_at, held.created_at));
    update public.messages message
    set content = p_content, formatting = p_formatting, mentions = p_mentions, edited_at = clock_timestamp()
    where message.id = held.id;
    return query select * from private.number_change(p_chat_id, p_message_id, held.seq);
end
$$;

-- Delete for everybody: its sender may, and in a group its owner and admins.
-- same | changed | not_found | notice | not_allowed
create or replace function private.delete_message(p_chat_id uuid, p_message_id uuid)
    returns table (outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    held public.messages;
begin
    perform private.lock_own_chat(p_chat_id);
    select message.* into held from public.messages message
    where message.id = p_message_id and message.chat_id = p_chat_id
      and private.knows_of(p_chat_id, p_message_id, message.seq)
    for no key update of message;
    outcome := case
        when held.id is null then 'not_found'
        when held.message_type = 'notice' then 'notice'
        when held.sender_id <> auth.uid() and not private.administers(p_chat_id) then 'not_allowed'
        when held.deleted_at is not null or held.expires_at <= clock_timestamp() then 'same'
    end;
    if outcome is not null then
        return query select * from private.no_change(outcome, held);
        return;
    end if;
    perform private.empty_message(held.id, clock_timestamp());
    return query select * from private.number_change(p_chat_id, p_message_id, held.seq);
end
$$;

-- same | changed | not_found | gone | notice | too_many
create or replace function private.react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean)
    returns table (outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    held  public.messages;
    kinds text[];
begin
    perform private.lock_own_chat(p_chat_id);
    select message.* into held from public.messages message
    where message.id = p_message_id and message.chat_id = p_chat_id
      and private.knows_of(p_chat_id, p_message_id, message.seq)
    for no key update of message;
    select array_agg(distinct reaction.emoji) into kinds from public.message_reactions reaction
    where reaction.message_id = p_message_id;
    outcome := case
        when held.id is null then 'not_found'
        when held.deleted_at is not null or held.expires_at <= clock_timestamp() then 'gone'
        when held.message_type = 'notice' then 'notice'
        when p_wanted = exists (select from public.message_reactions reaction
                                where reaction.message_id = held.id and reaction.user_id = auth.uid()
                                  and reaction.emoji = p_emoji) then 'same'
        when p_wanted and cardinality(kinds) >= 20 and p_emoji <> all (kinds) then 'too_many'
    end;
    if outcome is not null then
        return query select * from private.no_change(outcome, held);
        return;
    end if;
    if p_wanted then
        insert into public.message_reactions (message_id, user_id, emoji, created_at)
        values (held.id, auth.uid(), p_emoji, clock_timestamp());
    else
        delete from public.message_reactions reaction
        where reaction.message_id = held.id and reaction.user_id = auth.uid() and reaction.emoji = p_emoji;
    end if;
    return query select * from private.number_change(p_chat_id, p_message_id, held.seq);
end
$$;

-- Delete for the acting user alone. The seq of the message; null: there is no such message for them.
create or replace function private.hide_message(p_chat_id uuid, p_message_id uuid) returns bigint
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    place bigint;
begin
    select message.seq into place from public.messages message
    where message.id = p_message_id and message.chat_id = p_chat_id and private.can_read(p_chat_id, message.seq);
    if place is not null then
        insert into public.hidden_messages (user_id, message_id) values (auth.uid(), p_message_id) on conflict do nothing;
    end if;
    return place;
end
$$;

-- Empty up to p_limit messages whose time has come; how many. Servers that sweep at once take different ones. Nobody is
-- told and no change is numbered: whoever holds the message knows when it expires.
create or replace function private.sweep_expired(p_limit integer) returns integer
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    swept integer := 0;
    one   record;
begin
    for one in
        select message.id, message.expires_at from public.messages message
        where message.expires_at <= now() and message.deleted_at is null
        order by message.expires_at limit p_limit
        for no key update skip locked
    loop
        perform private.empty_message(one.id, one.expires_at);
        swept := swept + 1;
    end loop;
    return swept;
end
$$;

-- Take away everything that a message said, and keep its place.
create or replace function private.empty_message(p_message_id uuid, p_deleted_at timestamptz) returns void
    language sql volatile security definer set search_path = ''
as $$
    delete from public.message_edits where message_id = p_message_id;
    delete from public.message_reactions where message_id = p_message_id;
    update public.messages
    set content = null, formatting = null, mentions = null, forwarded_from = null, edited_at = null, reply_to_id = null,
        file_url = null, file_type = null, file_size = null, thumbnail_url = null, deleted_at = p_deleted_at
    where id = p_message_id
$$;

-- A direct chat has nobody who administers it, whatever roles the old server wrote down.
create or replace function private.administers(p_chat_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select private.is_admin(p_chat_id)
       and exists (select from public.chats where id = p_chat_id and type is distinct from 'direct')
$$;

revoke all on function private.lock_own_chat(uuid), private.knows_of(uuid, uuid, bigint),
    private.hearers_of(uuid, uuid, bigint), private.number_change(uuid, uuid, bigint),
    private.no_change(text, public.messages), private.empty_message(uuid, timestamptz), private.administers(uuid),
    private.delete_message(uuid, uuid), private.edit_message(uuid, uuid, text, jsonb, uuid[]), private.react(uuid, uuid, text, boolean),
    private.hide_message(uuid, uuid), private.sweep_expired(integer)
    from public, anon, authenticated;
grant execute on function private.delete_message(uuid, uuid),
    private.edit_message(uuid, uuid, text, jsonb, uuid[]), private.react(uuid, uuid, text, boolean),
    private.hide_message(uuid, uuid), private.sweep_expired(integer)
    to cyphr_app;
