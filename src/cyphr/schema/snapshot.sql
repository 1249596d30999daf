-- The whole schema, for readers; the truth is in migrations/ and its neighbours. Made by scripts/generate.py.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

-- Name: cyphr; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA cyphr;

-- Name: private; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA private;

-- Name: public; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA public;

-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA public IS 'standard public schema';

-- Name: refuse_write(); Type: FUNCTION; Schema: cyphr; Owner: -

CREATE FUNCTION cyphr.refuse_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    raise exception using
        errcode = 'CY001',
        message = format('%I.%I may not be written here: the database has moved to the other side',
                         tg_table_schema, tg_table_name),
        hint = 'Run the whole transaction again on the side that cyphr.switchboard names.';
end
$$;

-- Name: administers(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.administers(p_chat_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.chat_participants member
        join public.chats chat on chat.id = member.chat_id and chat.type is distinct from 'direct'
        where member.chat_id = p_chat_id and member.user_id = (select auth.uid()) and member.left_at is null
          and member.role in ('owner', 'admin')
    )
$$;

-- Name: advance_watermarks(uuid[], uuid[], bigint[], bigint[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.advance_watermarks(p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]) RETURNS TABLE(user_id uuid, chat_id uuid, received_seq bigint, read_seq bigint, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
    return query
        with wanted as materialized (
            select member.id,
                   greatest(member.received_seq, least(greatest(given.received, given.read), chat.last_seq)) as received,
                   greatest(member.read_seq, least(given.read, chat.last_seq)) as read
            from unnest(p_user_ids, p_chat_ids, p_received, p_read) as given (user_id, chat_id, received, read)
            join public.chats chat on chat.id = given.chat_id
            join public.chat_participants member
                on member.chat_id = given.chat_id and member.user_id = given.user_id and member.left_at is null
            order by member.id
            for no key update of member
        ), moved as (
            update public.chat_participants member
            set received_seq = wanted.received,
                read_seq = wanted.read,
                last_read_message_id = coalesce(
                    (select message.id from public.messages message
                     where message.chat_id = member.chat_id and message.seq = wanted.read and wanted.read > member.read_seq),
                    member.last_read_message_id)
            from wanted
            where member.id = wanted.id and (member.received_seq, member.read_seq) <> (wanted.received, wanted.read)
            returning member.user_id, member.chat_id, member.received_seq, member.read_seq
        )
        select moved.user_id, moved.chat_id, moved.received_seq, moved.read_seq,
               case when row_number() over (partition by moved.chat_id) = 1 then
                   (select array_agg(other.user_id) from public.chat_participants other
                    where other.chat_id = moved.chat_id and other.left_at is null)
               end
        from moved;
end
$$;

-- Name: begin_sign_in(text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.begin_sign_in(p_email text, p_email_hash text) RETURNS TABLE(allowed boolean, retry_after integer, user_id uuid, pin_hash text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    attempt public.sign_in_attempts;
begin
    insert into public.sign_in_attempts (email_hash) values (p_email_hash) on conflict do nothing;
    select * into attempt from public.sign_in_attempts tries where tries.email_hash = p_email_hash for update;
    if attempt.locked_until > now() then
        return query select false, ceil(extract(epoch from attempt.locked_until - now()))::integer, null::uuid, null::text;
        return;
    end if;
    if attempt.locked_until is not null then
        attempt.failed := 0;
    end if;
    update public.sign_in_attempts tries
    set failed       = attempt.failed + 1,
        locked_until = case when attempt.failed + 1 >= 5 then now() + interval '15 minutes' end,
        updated_at   = now()
    where tries.email_hash = p_email_hash;
    return query
        select true, 0, person.id, person.pin_hash::text
        from (select) one
        left join public.account_emails address on address.email = p_email
        left join public.users person on person.id = address.user_id;
end
$$;

-- Name: can_read(uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.can_read(chat uuid, message_seq bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.chat_participants
        where chat_id = chat and user_id = (select auth.uid()) and left_at is null
          and (message_seq is null or message_seq > visible_from_seq)
    )
$$;

-- Name: create_group(uuid, text, uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: delete_message(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.delete_message(p_chat_id uuid, p_message_id uuid) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: edit_message(uuid, uuid, text, jsonb, uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.edit_message(p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: empty_message(uuid, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.empty_message(p_message_id uuid, p_deleted_at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.message_edits where message_id = p_message_id;
    delete from public.message_reactions where message_id = p_message_id;
    update public.messages
    set content = null, formatting = null, mentions = null, forwarded_from = null, edited_at = null, reply_to_id = null,
        file_url = null, file_type = null, file_size = null, thumbnail_url = null, deleted_at = p_deleted_at
    where id = p_message_id
$$;

-- Name: find_messages(text, uuid, timestamp with time zone, uuid, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.find_messages(p_words text, p_chat_id uuid, p_before timestamp with time zone, p_before_id uuid, p_limit integer) RETURNS TABLE(message_id uuid, created_at timestamp with time zone, snippet text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    words tsquery := websearch_to_tsquery('pg_catalog.russian', p_words);
    chats tsquery := (
        select string_agg(format('''%s''', member.chat_id), ' | ')::tsquery from public.chat_participants member
        where member.user_id = auth.uid() and member.left_at is null and member.chat_id = coalesce(p_chat_id, member.chat_id));
begin
    if numnode(words) = 0 or chats is null then
        return;
    end if;
    return query
    select found.id, found.created_at,
           ts_headline('pg_catalog.russian', translate(found.content, chr(2) || chr(3), ''), words,
                       format('StartSel=%s, StopSel=%s, MaxWords=30, MinWords=10, MaxFragments=2, FragmentDelimiter=" … "',
                              chr(2), chr(3)))
    from (
        select message.id, message.created_at, message.content
        from public.messages message
        join public.chat_participants me
            on me.chat_id = message.chat_id and me.user_id = auth.uid() and me.left_at is null
               and message.seq > me.visible_from_seq
        where (to_tsvector('pg_catalog.russian'::regconfig, message.content)
               || array_to_tsvector(array[message.chat_id::text])) @@ (words && chats)
          and message.content is not null and message.message_type is distinct from 'notice'
          and message.deleted_at is null and (message.expires_at is null or message.expires_at > now())
          and (message.created_at, message.id) < (p_before, p_before_id)
          and not exists (select from public.hidden_messages hidden
                          where hidden.user_id = me.user_id and hidden.message_id = message.id)
        order by message.created_at desc, message.id desc
        limit p_limit
    ) found
    order by found.created_at desc, found.id desc;
end
$$;

-- Name: find_person(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.find_person(p_cyphr_id text) RETURNS TABLE(id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select person.id, person.full_name, person.cyphr_id, person.avatar_url
    from public.users person
    where person.cyphr_id = p_cyphr_id and (select auth.uid()) is not null
$$;

-- Name: forgive_sign_in(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forgive_sign_in(p_email_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.sign_in_attempts set failed = 0, locked_until = null, updated_at = now()
    where email_hash = p_email_hash
$$;

-- Name: hearers_of(uuid, uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.hearers_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) RETURNS TABLE(seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select array_agg(member.user_id) filter (where judged.sees), array_agg(member.user_id) filter (where not judged.sees)
    from public.chat_participants member
    cross join lateral (
        select p_seq > member.visible_from_seq and not exists (
            select from public.hidden_messages hidden
            where hidden.user_id = member.user_id and hidden.message_id = p_message_id) as sees
    ) judged
    where member.chat_id = p_chat_id and member.left_at is null
$$;

-- Name: hide_message(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.hide_message(p_chat_id uuid, p_message_id uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: hold_service(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.hold_service(p_service text) RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select side from cyphr.switchboard where service = p_service for share
$$;

-- Name: is_member(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_member(chat uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.chat_participants
        where chat_id = chat and user_id = (select auth.uid()) and left_at is null
    )
$$;

-- Name: issue_email_code(text, bytea); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.issue_email_code(p_email text, p_code_hash bytea) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    insert into public.email_codes as held (email, code_hash, expires_at)
    values (p_email, p_code_hash, now() + interval '10 minutes')
    on conflict (email) do update
    set code_hash    = excluded.code_hash,
        tries        = 0,
        expires_at   = excluded.expires_at,
        sends        = case when held.window_start < now() - interval '10 minutes' then 1 else held.sends + 1 end,
        window_start = case when held.window_start < now() - interval '10 minutes' then now() else held.window_start end
    where held.sends < 5 or held.window_start < now() - interval '10 minutes'
    returning true
$$;

-- Name: knows_of(uuid, uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.knows_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select private.can_read(p_chat_id, p_seq) and not exists (
        select from public.hidden_messages hidden
        where hidden.user_id = (select auth.uid()) and hidden.message_id = p_message_id)
$$;

-- Name: lock_own_chat(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.lock_own_chat(p_chat_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if private.is_member(p_chat_id) then
        perform from public.chats where id = p_chat_id for no key update;
    end if;
end
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

-- Name: messages; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    content text,
    encrypted boolean DEFAULT false,
    message_type character varying(20) DEFAULT 'text'::character varying,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    delivered_at timestamp with time zone,
    read_at timestamp with time zone,
    reply_to_id uuid,
    file_url text,
    file_type character varying(50),
    file_size bigint,
    thumbnail_url text,
    seq bigint,
    client_id uuid,
    edited_at timestamp with time zone,
    deleted_at timestamp with time zone,
    expires_at timestamp with time zone,
    changed bigint,
    forwarded_from text,
    mentions uuid[],
    formatting jsonb
);

-- Name: no_change(text, public.messages); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.no_change(p_outcome text, p_message public.messages) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: number_change(uuid, uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.number_change(p_chat_id uuid, p_message_id uuid, p_seq bigint) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: number_message(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.number_message() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: open_direct_chat(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.open_direct_chat(p_chat_id uuid, p_other uuid) RETURNS TABLE(chat_id uuid, created boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: open_session(uuid, uuid, text, bytea, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.open_session(p_session_id uuid, p_user_id uuid, p_device text, p_token_hash bytea, p_expires_at timestamp with time zone) RETURNS TABLE(id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    insert into public.sessions (id, user_id, device, expires_at)
    values (p_session_id, p_user_id, p_device, p_expires_at);
    insert into public.refresh_tokens (token_hash, session_id) values (p_token_hash, p_session_id);
    return query
        select person.id, person.full_name::text, person.cyphr_id::text, person.avatar_url
        from public.users person where person.id = p_user_id;
end
$$;

-- Name: react(uuid, uuid, text, boolean); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: record_object(text, text, bigint, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if auth.uid() is null or split_part(p_name, '/', 1) <> auth.uid()::text then
        raise exception using errcode = '42501', message = 'an object belongs to the folder of its owner';
    end if;
    if to_regclass('storage.objects') is not null then
        insert into storage.objects (bucket_id, name, owner, metadata)
        values (p_bucket, p_name, auth.uid(), jsonb_build_object('size', p_size, 'mimetype', p_mimetype))
        on conflict do nothing;
    end if;
end
$$;

-- Name: register_account(uuid, text, text, bytea, text, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    held public.email_codes;
begin
    select * into held from public.email_codes where email = p_email for update;
    if held.email is null or held.expires_at < now() or held.tries >= 5 then
        return 'wrong_code';
    end if;
    if held.code_hash <> p_code_hash then
        update public.email_codes set tries = tries + 1 where email = p_email;
        return 'wrong_code';
    end if;
    -- The row of the code is locked: two registrations of one address cannot both pass here.
    if exists (select from public.account_emails where email = p_email) then
        return 'email_taken';
    end if;
    insert into public.users (id, full_name, cyphr_id, cyphr_id_changed_at, email_hash, pin_hash, auth_method)
    values (p_user_id, p_full_name, p_cyphr_id, case when p_cyphr_id is not null then now() end, p_email_hash,
            p_pin_hash, 'email')
    on conflict (cyphr_id) do nothing;
    if not found then
        return 'cyphr_id_taken';
    end if;
    insert into public.account_emails (user_id, email) values (p_user_id, p_email);
    delete from public.email_codes where email = p_email;
    return 'registered';
end
$$;

-- Name: revoke_sessions(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.revoke_sessions(p_only uuid, p_kept uuid) RETURNS SETOF uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.sessions set revoked_at = now()
    where user_id = (select auth.uid()) and revoked_at is null
      and (p_only is null or id = p_only) and (p_kept is null or id <> p_kept)
    returning id
$$;

-- Name: rotate_session(bytea, bytea, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamp with time zone) RETURNS TABLE(outcome text, session_id uuid, id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    token  public.refresh_tokens;
    family public.sessions;
begin
    select * into token from public.refresh_tokens known where known.token_hash = p_old_hash for update;
    select * into family from public.sessions known where known.id = token.session_id for update;
    if family.id is null or family.revoked_at is not null or family.expires_at < now() then
        return query select 'unknown', family.id, null::uuid, null::text, null::text, null::text;
        return;
    end if;
    if token.used_at is not null then
        update public.sessions known set revoked_at = now() where known.id = family.id;
        return query select 'reused', family.id, null::uuid, null::text, null::text, null::text;
        return;
    end if;
    update public.refresh_tokens known set used_at = now() where known.token_hash = p_old_hash;
    insert into public.refresh_tokens (token_hash, session_id) values (p_new_hash, family.id);
    update public.sessions known set last_used_at = now(), expires_at = p_expires_at where known.id = family.id;
    return query
        select 'rotated', family.id, person.id, person.full_name::text, person.cyphr_id::text, person.avatar_url
        from public.users person where person.id = family.user_id;
end
$$;

-- Name: session_is_live(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.session_is_live(p_session_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.sessions where id = p_session_id and revoked_at is null and expires_at > now()
    )
$$;

-- Name: set_avatar(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_avatar(p_url text) RETURNS TABLE(id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.users set avatar_url = p_url, updated_at = now() where id = (select auth.uid())
    returning id, full_name, cyphr_id, avatar_url
$$;

-- Name: set_disappearing(uuid, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_disappearing(p_chat_id uuid, p_seconds integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if not private.is_member(p_chat_id) then
        return 'not_found';
    end if;
    perform from public.chats where id = p_chat_id for no key update;
    if not private.administers(p_chat_id)
       and not exists (select from public.chats where id = p_chat_id and type = 'direct') then
        return 'not_allowed';
    end if;
    update public.chats set disappear_after = p_seconds
    where id = p_chat_id and disappear_after is distinct from p_seconds;
    return case when found then 'changed' else 'same' end;
end
$$;

-- Name: set_pin(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_pin(p_pin_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.users set pin_hash = p_pin_hash, updated_at = now() where id = (select auth.uid())
$$;

-- Name: shares_chat_with(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.shares_chat_with(person uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.chat_participants mine
        join public.chat_participants theirs using (chat_id)
        where mine.user_id = (select auth.uid()) and mine.left_at is null
          and theirs.user_id = person
    )
$$;

-- Name: store_messages(uuid[], uuid[], uuid[], uuid[], text[], uuid[], text[], jsonb[], text[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.store_messages(p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]) RETURNS TABLE(place integer, message_id uuid, chat_id uuid, seq bigint, created_at timestamp with time zone, expires_at timestamp with time zone, repeated boolean, refusal text, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
    locked  uuid[];
    sent_at timestamptz;
begin
    -- A stranger must not be able to hold up a chat: only chats of their senders are locked. In one order, so that two
    -- batches never wait for each other in a circle.
    select coalesce(array_agg(held.id), '{}') into locked
    from (
        select chat.id from public.chats chat
        where chat.id in (
            select member.chat_id
            from unnest(p_chat_ids, p_sender_ids) as given (chat_id, sender_id)
            join public.chat_participants member
                on member.chat_id = given.chat_id and member.user_id = given.sender_id and member.left_at is null)
        order by chat.id
        for no key update
    ) held;
    -- The clock now, not the transaction's start: times must rise with the numbers.
    sent_at := clock_timestamp();
    return query
    with given as materialized (
        select each.*, each.mentions::uuid[] as mentioned
        from unnest(p_chat_ids, p_sender_ids, p_client_ids, p_message_ids, p_contents, p_reply_to_ids, p_mentions,
                    p_formatting, p_forwarded_from) with ordinality
             as each (chat_id, sender_id, client_id, message_id, content, reply_to_id, mentions, formatting,
                      forwarded_from, place)
    ), judged as materialized (
        select given.*, known.id as known_id, known.chat_id as known_chat_id, known.seq as known_seq,
               known.created_at as known_at, known.expires_at as known_expires_at, chat.last_seq, chat.disappear_after,
               -- Who became a member while the locks were waited for comes again: that chat is not locked.
               case when member.visible_from_seq is null or not given.chat_id = any (locked) then 'member'
                    when given.content is null then 'forward'
                    when given.reply_to_id is not null and not exists (
                        select from public.messages answered
                        where answered.id = given.reply_to_id and answered.chat_id = given.chat_id
                          and answered.seq > member.visible_from_seq) then 'reply'
                    when given.mentioned is not null and exists (
                        select from unnest(given.mentioned) as named (user_id)
                        where not exists (
                            select from public.chat_participants other
                            where other.chat_id = given.chat_id and other.user_id = named.user_id
                              and other.left_at is null)) then 'mention'
               end as refusal
        from given
        -- Limits make each of these one look into an index, whatever the planner thinks of the table.
        left join lateral (
            select message.id, message.chat_id, message.seq, message.created_at, message.expires_at
            from public.messages message
            where message.sender_id = given.sender_id and message.client_id = given.client_id limit 1) known on true
        left join lateral (
            select participant.visible_from_seq from public.chat_participants participant
            where participant.chat_id = given.chat_id and participant.user_id = given.sender_id
              and participant.left_at is null limit 1) member on true
        left join lateral (
            select one.last_seq, one.disappear_after from public.chats one where one.id = given.chat_id limit 1
        ) chat on true
    ), firsts as materialized (
        -- The same id twice in one batch: the first one is stored, the others are its repeats.
        select judged.*,
               min(judged.place) filter (where judged.known_id is null and judged.refusal is null)
                   over (partition by judged.sender_id, judged.client_id) as first_place
        from judged
    ), numbered as materialized (
        select firsts.*, firsts.last_seq + row_number() over chat_order as new_seq,
               sent_at + (row_number() over chat_order - 1) * interval '1 microsecond' as new_at
        from firsts where firsts.first_place = firsts.place
        window chat_order as (partition by firsts.chat_id order by firsts.place)
    ), stored as (
        insert into public.messages
            (id, chat_id, sender_id, content, created_at, updated_at, reply_to_id, seq, client_id, expires_at, mentions,
             formatting, forwarded_from)
        select one.message_id, one.chat_id, one.sender_id, one.content, one.new_at, one.new_at, one.reply_to_id,
               one.new_seq, one.client_id, one.new_at + make_interval(secs => one.disappear_after), one.mentioned,
               one.formatting, one.forwarded_from
        from numbered one order by one.place
    ), moved as (
        update public.chats chat
        set last_seq = newest.new_seq, last_message_id = newest.message_id, last_message_time = newest.new_at,
            updated_at = newest.new_at
        from (select distinct on (one.chat_id) one.chat_id, one.message_id, one.new_seq, one.new_at
              from numbered one order by one.chat_id, one.new_seq desc) newest
        where chat.id = newest.chat_id
    ), outcome as (
        select one.place::integer as place,
               coalesce(one.known_id, first.message_id) as message_id,
               coalesce(one.known_chat_id, first.chat_id, one.chat_id) as chat_id,
               coalesce(one.known_seq, first.new_seq) as seq,
               coalesce(one.known_at, first.new_at) as created_at,
               coalesce(one.known_expires_at, first.new_at + make_interval(secs => first.disappear_after)) as expires_at,
               first.place is distinct from one.place as repeated,
               one.refusal
        from firsts one
        left join numbered first on first.place = one.first_place
        where one.known_id is not null or one.first_place is not null or one.refusal <> 'member'
    )
    select one.place, one.message_id, one.chat_id, one.seq, one.created_at, one.expires_at,
           one.repeated and one.message_id is not null, case when one.message_id is null then one.refusal end,
           case when row_number() over (partition by one.chat_id order by one.place) = 1 then
               (select array_agg(member.user_id) from public.chat_participants member
                where member.chat_id = one.chat_id and member.left_at is null)
           end
    from outcome one order by one.place;
end
$$;

-- Name: sweep_expired(integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.sweep_expired(p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: switchboard; Type: TABLE; Schema: cyphr; Owner: -

CREATE TABLE cyphr.switchboard (
    service text NOT NULL,
    side text NOT NULL,
    epoch bigint DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT switchboard_side_check CHECK ((side = ANY (ARRAY['supabase'::text, 'aws'::text])))
);

-- Name: schema_migrations; Type: TABLE; Schema: private; Owner: -

CREATE TABLE private.schema_migrations (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: chat_participants; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.chat_participants (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role character varying(20) DEFAULT 'member'::character varying,
    joined_at timestamp with time zone DEFAULT now(),
    left_at timestamp with time zone,
    last_read_message_id uuid,
    received_seq bigint DEFAULT 0 NOT NULL,
    read_seq bigint DEFAULT 0 NOT NULL,
    visible_from_seq bigint DEFAULT 0 NOT NULL
);

-- Name: hidden_messages; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.hidden_messages (
    user_id uuid NOT NULL,
    message_id uuid NOT NULL,
    hidden_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: message_reactions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.message_reactions (
    message_id uuid NOT NULL,
    user_id uuid NOT NULL,
    emoji text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: shown_messages; Type: VIEW; Schema: private; Owner: -

CREATE VIEW private.shown_messages AS
 SELECT message.id,
    message.chat_id,
    message.sender_id,
    message.client_id,
    message.seq,
        CASE
            WHEN shown.whole THEN message.content
            ELSE NULL::text
        END AS content,
    COALESCE(message.message_type, 'text'::character varying) AS message_type,
        CASE
            WHEN shown.whole THEN message.reply_to_id
            ELSE NULL::uuid
        END AS reply_to_id,
    COALESCE(message.created_at, to_timestamp((0)::double precision)) AS created_at,
        CASE
            WHEN shown.whole THEN message.edited_at
            ELSE NULL::timestamp with time zone
        END AS edited_at,
    COALESCE(message.deleted_at,
        CASE
            WHEN (message.expires_at <= now()) THEN message.expires_at
            ELSE NULL::timestamp with time zone
        END) AS deleted_at,
    message.changed,
        CASE
            WHEN (shown.whole AND (message.forwarded_from IS NOT NULL)) THEN jsonb_build_object('sender_name', NULLIF(message.forwarded_from, ''::text))
            ELSE NULL::jsonb
        END AS forwarded,
        CASE
            WHEN shown.whole THEN COALESCE(message.mentions, '{}'::uuid[])
            ELSE '{}'::uuid[]
        END AS mentions,
        CASE
            WHEN shown.whole THEN COALESCE(message.formatting, '[]'::jsonb)
            ELSE '[]'::jsonb
        END AS formatting,
        CASE
            WHEN (shown.whole AND (message.changed IS NOT NULL)) THEN ( SELECT COALESCE(jsonb_agg(jsonb_build_object('emoji', kind.emoji, 'count', kind.count, 'user_ids', kind.user_ids[1:5]) ORDER BY kind.first_at, kind.emoji), '[]'::jsonb) AS "coalesce"
               FROM ( SELECT reaction.emoji,
                        count(*) AS count,
                        min(reaction.created_at) AS first_at,
                        array_agg(reaction.user_id ORDER BY (reaction.user_id = me.user_id) DESC, reaction.created_at, reaction.user_id) AS user_ids
                       FROM public.message_reactions reaction
                      WHERE (reaction.message_id = message.id)
                      GROUP BY reaction.emoji) kind)
            ELSE '[]'::jsonb
        END AS reactions,
    message.expires_at,
    (hidden.message_id IS NOT NULL) AS hidden
   FROM (((public.messages message
     JOIN public.chat_participants me ON (((me.chat_id = message.chat_id) AND (me.user_id = ( SELECT auth.uid() AS uid)) AND (me.left_at IS NULL) AND (message.seq > me.visible_from_seq))))
     LEFT JOIN public.hidden_messages hidden ON (((hidden.user_id = me.user_id) AND (hidden.message_id = message.id))))
     CROSS JOIN LATERAL ( SELECT ((message.deleted_at IS NULL) AND ((message.expires_at IS NULL) OR (message.expires_at > now())) AND (hidden.message_id IS NULL)) AS whole) shown);

-- Name: account_emails; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.account_emails (
    user_id uuid NOT NULL,
    email text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT account_emails_email_check CHECK ((email = lower(email)))
);

-- Name: calls; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.calls (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid NOT NULL,
    caller_id uuid NOT NULL,
    callee_id uuid,
    type character varying(20) DEFAULT 'audio'::character varying,
    status character varying(20) DEFAULT 'initiated'::character varying,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    duration_seconds integer DEFAULT 0,
    created_at timestamp with time zone DEFAULT now()
);

-- Name: chats; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.chats (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    type character varying(20) DEFAULT 'direct'::character varying,
    name character varying(255),
    avatar_url text,
    last_message_id uuid,
    last_message_time timestamp with time zone,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    created_by uuid,
    last_seq bigint DEFAULT 0 NOT NULL,
    last_change bigint DEFAULT 0 NOT NULL,
    disappear_after integer
)
WITH (fillfactor='70');

-- Name: cognito_accounts; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cognito_accounts (
    user_id uuid NOT NULL,
    cognito_sub text NOT NULL,
    username text NOT NULL,
    linked_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: device_registrations; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.device_registrations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    device_fingerprint character varying(255) NOT NULL,
    cyphr_id character varying(100),
    browser_info text,
    registered_at timestamp with time zone DEFAULT now(),
    last_seen timestamp with time zone DEFAULT now(),
    user_id uuid
);

-- Name: direct_chats; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.direct_chats (
    lower_user_id uuid NOT NULL,
    higher_user_id uuid NOT NULL,
    chat_id uuid NOT NULL,
    CONSTRAINT direct_chats_check CHECK ((lower_user_id < higher_user_id))
);

-- Name: discovery_tokens; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.discovery_tokens (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    token character varying(255) NOT NULL,
    type character varying(20) DEFAULT 'share_link'::character varying,
    expires_at timestamp with time zone,
    max_uses integer,
    current_uses integer DEFAULT 0,
    created_at timestamp with time zone DEFAULT now()
);

-- Name: email_codes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.email_codes (
    email text NOT NULL,
    code_hash bytea NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    sends integer DEFAULT 1 NOT NULL,
    window_start timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: message_drafts; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.message_drafts (
    user_id uuid NOT NULL,
    chat_id uuid NOT NULL,
    content text NOT NULL,
    reply_to_id uuid,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: message_edits; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.message_edits (
    message_id uuid NOT NULL,
    number integer NOT NULL,
    content text,
    formatting jsonb,
    written_at timestamp with time zone NOT NULL
);

-- Name: message_status; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.message_status (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    message_id uuid NOT NULL,
    user_id uuid NOT NULL,
    status character varying(20) DEFAULT 'sent'::character varying,
    "timestamp" timestamp with time zone DEFAULT now()
);

-- Name: nearby_discovery; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.nearby_discovery (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    latitude numeric(10,7) NOT NULL,
    longitude numeric(10,7) NOT NULL,
    location_hash character varying(128),
    radius_meters integer DEFAULT 1000,
    visible_until timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

-- Name: phone_hashes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.phone_hashes (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    phone_hash character varying(128) NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now()
);

-- Name: refresh_tokens; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.refresh_tokens (
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone
);

-- Name: sessions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    device text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);

-- Name: sign_in_attempts; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.sign_in_attempts (
    email_hash text NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: transactions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.transactions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    from_user_id uuid,
    to_user_id uuid,
    amount numeric(20,7) NOT NULL,
    asset_code character varying(20) DEFAULT 'XLM'::character varying,
    asset_issuer character varying(255),
    stellar_transaction_id character varying(255),
    status character varying(20) DEFAULT 'pending'::character varying,
    created_at timestamp with time zone DEFAULT now(),
    completed_at timestamp with time zone,
    memo text,
    fee_paid numeric(20,7)
);

-- Name: user_wallets; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.user_wallets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    public_key character varying(255) NOT NULL,
    encrypted_secret_key text NOT NULL,
    blockchain character varying(50) DEFAULT 'stellar'::character varying,
    balance_xlm numeric(20,7) DEFAULT 0,
    balance_usdc numeric(20,7) DEFAULT 0,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

-- Name: users; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    phone character varying(20),
    phone_hash character varying(128),
    full_name character varying(255) NOT NULL,
    nickname character varying(100),
    avatar_url text,
    unique_id uuid DEFAULT gen_random_uuid(),
    public_key text,
    encrypted_private_key text,
    status character varying(20) DEFAULT 'offline'::character varying,
    is_online boolean DEFAULT false,
    last_seen timestamp with time zone DEFAULT now(),
    socket_id character varying(100),
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    cyphr_id character varying(100),
    phone_discovery_enabled boolean DEFAULT false,
    nearby_discovery_enabled boolean DEFAULT false,
    share_link_enabled boolean DEFAULT true,
    cyphr_id_changed_at timestamp with time zone,
    email_hash character varying(128),
    password_hash character varying(255),
    auth_method character varying(20) DEFAULT 'phone'::character varying,
    pin_hash character varying(255),
    biometric_enabled boolean DEFAULT false,
    last_session_expiry timestamp with time zone
);

-- Name: waitlist; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.waitlist (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT now(),
    ip_address inet,
    referrer text,
    source character varying(100) DEFAULT 'landing_page'::character varying,
    user_agent text,
    language character varying(10),
    synced boolean DEFAULT false
);

-- Name: waitlist_stats; Type: VIEW; Schema: public; Owner: -

CREATE VIEW public.waitlist_stats WITH (security_invoker='true') AS
 SELECT (count(*))::integer AS total_signups,
    (EXTRACT(day FROM (max(created_at) - min(created_at))))::integer AS days_active,
    max(created_at) AS last_signup
   FROM public.waitlist;

-- Name: switchboard switchboard_pkey; Type: CONSTRAINT; Schema: cyphr; Owner: -

ALTER TABLE ONLY cyphr.switchboard
    ADD CONSTRAINT switchboard_pkey PRIMARY KEY (service);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: private; Owner: -

ALTER TABLE ONLY private.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);

-- Name: account_emails account_emails_email_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.account_emails
    ADD CONSTRAINT account_emails_email_key UNIQUE (email);

-- Name: account_emails account_emails_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.account_emails
    ADD CONSTRAINT account_emails_pkey PRIMARY KEY (user_id);

-- Name: calls calls_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_pkey PRIMARY KEY (id);

-- Name: chat_participants chat_participants_chat_id_user_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_participants
    ADD CONSTRAINT chat_participants_chat_id_user_id_key UNIQUE (chat_id, user_id);

-- Name: chat_participants chat_participants_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_participants
    ADD CONSTRAINT chat_participants_pkey PRIMARY KEY (id);

-- Name: chats chats_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_pkey PRIMARY KEY (id);

-- Name: cognito_accounts cognito_accounts_cognito_sub_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cognito_accounts
    ADD CONSTRAINT cognito_accounts_cognito_sub_key UNIQUE (cognito_sub);

-- Name: cognito_accounts cognito_accounts_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cognito_accounts
    ADD CONSTRAINT cognito_accounts_pkey PRIMARY KEY (user_id);

-- Name: cognito_accounts cognito_accounts_username_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cognito_accounts
    ADD CONSTRAINT cognito_accounts_username_key UNIQUE (username);

-- Name: device_registrations device_registrations_device_fingerprint_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.device_registrations
    ADD CONSTRAINT device_registrations_device_fingerprint_key UNIQUE (device_fingerprint);

-- Name: device_registrations device_registrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.device_registrations
    ADD CONSTRAINT device_registrations_pkey PRIMARY KEY (id);

-- Name: direct_chats direct_chats_chat_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_chat_id_key UNIQUE (chat_id);

-- Name: direct_chats direct_chats_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_pkey PRIMARY KEY (lower_user_id, higher_user_id);

-- Name: discovery_tokens discovery_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.discovery_tokens
    ADD CONSTRAINT discovery_tokens_pkey PRIMARY KEY (id);

-- Name: discovery_tokens discovery_tokens_token_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.discovery_tokens
    ADD CONSTRAINT discovery_tokens_token_key UNIQUE (token);

-- Name: email_codes email_codes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.email_codes
    ADD CONSTRAINT email_codes_pkey PRIMARY KEY (email);

-- Name: hidden_messages hidden_messages_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.hidden_messages
    ADD CONSTRAINT hidden_messages_pkey PRIMARY KEY (user_id, message_id);

-- Name: message_drafts message_drafts_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_drafts
    ADD CONSTRAINT message_drafts_pkey PRIMARY KEY (user_id, chat_id);

-- Name: message_edits message_edits_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_edits
    ADD CONSTRAINT message_edits_pkey PRIMARY KEY (message_id, number);

-- Name: message_reactions message_reactions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_reactions
    ADD CONSTRAINT message_reactions_pkey PRIMARY KEY (message_id, emoji, user_id);

-- Name: message_status message_status_message_id_user_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_status
    ADD CONSTRAINT message_status_message_id_user_id_key UNIQUE (message_id, user_id);

-- Name: message_status message_status_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_status
    ADD CONSTRAINT message_status_pkey PRIMARY KEY (id);

-- Name: messages messages_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

-- Name: nearby_discovery nearby_discovery_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.nearby_discovery
    ADD CONSTRAINT nearby_discovery_pkey PRIMARY KEY (id);

-- Name: phone_hashes phone_hashes_phone_hash_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_phone_hash_key UNIQUE (phone_hash);

-- Name: phone_hashes phone_hashes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_pkey PRIMARY KEY (id);

-- Name: refresh_tokens refresh_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);

-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

-- Name: sign_in_attempts sign_in_attempts_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sign_in_attempts
    ADD CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (email_hash);

-- Name: transactions transactions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (id);

-- Name: transactions transactions_stellar_transaction_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_stellar_transaction_id_key UNIQUE (stellar_transaction_id);

-- Name: user_wallets user_wallets_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_wallets
    ADD CONSTRAINT user_wallets_pkey PRIMARY KEY (id);

-- Name: user_wallets user_wallets_public_key_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_wallets
    ADD CONSTRAINT user_wallets_public_key_key UNIQUE (public_key);

-- Name: users users_cyphr_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_cyphr_id_key UNIQUE (cyphr_id);

-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

-- Name: waitlist waitlist_email_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.waitlist
    ADD CONSTRAINT waitlist_email_key UNIQUE (email);

-- Name: waitlist waitlist_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.waitlist
    ADD CONSTRAINT waitlist_pkey PRIMARY KEY (id);

-- Name: calls_chat; Type: INDEX; Schema: public; Owner: -

CREATE INDEX calls_chat ON public.calls USING btree (chat_id);

-- Name: chat_participants_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX chat_participants_user ON public.chat_participants USING btree (user_id);

-- Name: device_registrations_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX device_registrations_user ON public.device_registrations USING btree (user_id);

-- Name: direct_chats_higher; Type: INDEX; Schema: public; Owner: -

CREATE INDEX direct_chats_higher ON public.direct_chats USING btree (higher_user_id);

-- Name: discovery_tokens_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX discovery_tokens_user ON public.discovery_tokens USING btree (user_id);

-- Name: hidden_messages_message; Type: INDEX; Schema: public; Owner: -

CREATE INDEX hidden_messages_message ON public.hidden_messages USING btree (message_id);

-- Name: message_drafts_chat; Type: INDEX; Schema: public; Owner: -

CREATE INDEX message_drafts_chat ON public.message_drafts USING btree (chat_id);

-- Name: message_reactions_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX message_reactions_user ON public.message_reactions USING btree (user_id);

-- Name: message_status_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX message_status_user ON public.message_status USING btree (user_id);

-- Name: messages_chat_changed; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_chat_changed ON public.messages USING btree (chat_id, changed) WHERE (changed IS NOT NULL);

-- Name: messages_chat_created; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_chat_created ON public.messages USING btree (chat_id, created_at);

-- Name: messages_chat_seq; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX messages_chat_seq ON public.messages USING btree (chat_id, seq);

-- Name: messages_expiring; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_expiring ON public.messages USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (deleted_at IS NULL));

-- Name: messages_reply_to; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_reply_to ON public.messages USING btree (reply_to_id) WHERE (reply_to_id IS NOT NULL);

-- Name: messages_sender; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_sender ON public.messages USING btree (sender_id);

-- Name: messages_sender_client; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX messages_sender_client ON public.messages USING btree (sender_id, client_id);

-- Name: messages_words; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_words ON public.messages USING gin (((to_tsvector('russian'::regconfig, content) || array_to_tsvector(ARRAY[(chat_id)::text])))) WHERE ((content IS NOT NULL) AND ((message_type)::text IS DISTINCT FROM 'notice'::text));

-- Name: nearby_discovery_location; Type: INDEX; Schema: public; Owner: -

CREATE INDEX nearby_discovery_location ON public.nearby_discovery USING btree (location_hash);

-- Name: nearby_discovery_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX nearby_discovery_user ON public.nearby_discovery USING btree (user_id);

-- Name: phone_hashes_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX phone_hashes_user ON public.phone_hashes USING btree (user_id);

-- Name: refresh_tokens_session; Type: INDEX; Schema: public; Owner: -

CREATE INDEX refresh_tokens_session ON public.refresh_tokens USING btree (session_id);

-- Name: sessions_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX sessions_user ON public.sessions USING btree (user_id);

-- Name: transactions_from; Type: INDEX; Schema: public; Owner: -

CREATE INDEX transactions_from ON public.transactions USING btree (from_user_id);

-- Name: transactions_to; Type: INDEX; Schema: public; Owner: -

CREATE INDEX transactions_to ON public.transactions USING btree (to_user_id);

-- Name: user_wallets_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX user_wallets_user ON public.user_wallets USING btree (user_id);

-- Name: users_email_hash; Type: INDEX; Schema: public; Owner: -

CREATE INDEX users_email_hash ON public.users USING btree (email_hash);

-- Name: users_phone_hash; Type: INDEX; Schema: public; Owner: -

CREATE INDEX users_phone_hash ON public.users USING btree (phone_hash);

-- Name: messages number_message; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER number_message AFTER INSERT ON public.messages FOR EACH ROW WHEN ((new.seq IS NULL)) EXECUTE FUNCTION private.number_message();

-- Name: account_emails account_emails_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.account_emails
    ADD CONSTRAINT account_emails_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: calls calls_callee_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_callee_id_fkey FOREIGN KEY (callee_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: calls calls_caller_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_caller_id_fkey FOREIGN KEY (caller_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: calls calls_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: chat_participants chat_participants_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_participants
    ADD CONSTRAINT chat_participants_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: chat_participants chat_participants_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_participants
    ADD CONSTRAINT chat_participants_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: device_registrations device_registrations_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.device_registrations
    ADD CONSTRAINT device_registrations_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: direct_chats direct_chats_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: direct_chats direct_chats_higher_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_higher_user_id_fkey FOREIGN KEY (higher_user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: direct_chats direct_chats_lower_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_lower_user_id_fkey FOREIGN KEY (lower_user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: discovery_tokens discovery_tokens_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.discovery_tokens
    ADD CONSTRAINT discovery_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: hidden_messages hidden_messages_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.hidden_messages
    ADD CONSTRAINT hidden_messages_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

-- Name: hidden_messages hidden_messages_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.hidden_messages
    ADD CONSTRAINT hidden_messages_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: message_drafts message_drafts_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_drafts
    ADD CONSTRAINT message_drafts_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: message_drafts message_drafts_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_drafts
    ADD CONSTRAINT message_drafts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: message_edits message_edits_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_edits
    ADD CONSTRAINT message_edits_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

-- Name: message_reactions message_reactions_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_reactions
    ADD CONSTRAINT message_reactions_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

-- Name: message_reactions message_reactions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_reactions
    ADD CONSTRAINT message_reactions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: message_status message_status_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_status
    ADD CONSTRAINT message_status_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

-- Name: message_status message_status_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_status
    ADD CONSTRAINT message_status_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: messages messages_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: messages messages_reply_to_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_reply_to_id_fkey FOREIGN KEY (reply_to_id) REFERENCES public.messages(id) ON DELETE SET NULL;

-- Name: messages messages_sender_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: nearby_discovery nearby_discovery_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.nearby_discovery
    ADD CONSTRAINT nearby_discovery_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: phone_hashes phone_hashes_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: refresh_tokens refresh_tokens_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;

-- Name: sessions sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: transactions transactions_from_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_from_user_id_fkey FOREIGN KEY (from_user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: transactions transactions_to_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_to_user_id_fkey FOREIGN KEY (to_user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: user_wallets user_wallets_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_wallets
    ADD CONSTRAINT user_wallets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: account_emails; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.account_emails ENABLE ROW LEVEL SECURITY;

-- Name: account_emails account_emails_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY account_emails_read_own ON public.account_emails FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: calls; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.calls ENABLE ROW LEVEL SECURITY;

-- Name: calls calls_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY calls_read ON public.calls FOR SELECT TO authenticated USING (private.is_member(chat_id));

-- Name: chat_participants; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.chat_participants ENABLE ROW LEVEL SECURITY;

-- Name: chat_participants chat_participants_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY chat_participants_read ON public.chat_participants FOR SELECT TO authenticated USING (private.is_member(chat_id));

-- Name: chats; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.chats ENABLE ROW LEVEL SECURITY;

-- Name: chats chats_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY chats_read ON public.chats FOR SELECT TO authenticated USING (private.is_member(id));

-- Name: cognito_accounts; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cognito_accounts ENABLE ROW LEVEL SECURITY;

-- Name: cognito_accounts cognito_accounts_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY cognito_accounts_read_own ON public.cognito_accounts FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: device_registrations; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.device_registrations ENABLE ROW LEVEL SECURITY;

-- Name: device_registrations device_registrations_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY device_registrations_read_own ON public.device_registrations FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: direct_chats; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.direct_chats ENABLE ROW LEVEL SECURITY;

-- Name: discovery_tokens; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.discovery_tokens ENABLE ROW LEVEL SECURITY;

-- Name: discovery_tokens discovery_tokens_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY discovery_tokens_read_own ON public.discovery_tokens FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: discovery_tokens discovery_tokens_remove_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY discovery_tokens_remove_own ON public.discovery_tokens FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: email_codes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.email_codes ENABLE ROW LEVEL SECURITY;

-- Name: hidden_messages; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.hidden_messages ENABLE ROW LEVEL SECURITY;

-- Name: hidden_messages hidden_messages_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY hidden_messages_own ON public.hidden_messages FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: message_drafts; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.message_drafts ENABLE ROW LEVEL SECURITY;

-- Name: message_drafts message_drafts_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_drafts_change ON public.message_drafts FOR UPDATE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid))) WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND private.is_member(chat_id)));

-- Name: message_drafts message_drafts_delete; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_drafts_delete ON public.message_drafts FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: message_drafts message_drafts_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_drafts_read ON public.message_drafts FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: message_drafts message_drafts_write; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_drafts_write ON public.message_drafts FOR INSERT TO authenticated WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND private.is_member(chat_id)));

-- Name: message_edits; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.message_edits ENABLE ROW LEVEL SECURITY;

-- Name: message_edits message_edits_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_edits_read ON public.message_edits FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.messages message
  WHERE (message.id = message_edits.message_id))));

-- Name: message_reactions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.message_reactions ENABLE ROW LEVEL SECURITY;

-- Name: message_reactions message_reactions_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_reactions_read ON public.message_reactions FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.messages message
  WHERE (message.id = message_reactions.message_id))));

-- Name: message_status; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.message_status ENABLE ROW LEVEL SECURITY;

-- Name: message_status message_status_change_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_status_change_own ON public.message_status FOR UPDATE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: message_status message_status_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_status_read ON public.message_status FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.messages message
  WHERE (message.id = message_status.message_id))));

-- Name: message_status message_status_write_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_status_write_own ON public.message_status FOR INSERT TO authenticated WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND (EXISTS ( SELECT
   FROM public.messages message
  WHERE (message.id = message_status.message_id)))));

-- Name: messages; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.messages ENABLE ROW LEVEL SECURITY;

-- Name: messages messages_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY messages_read ON public.messages FOR SELECT TO authenticated USING ((private.can_read(chat_id, seq) AND ((expires_at IS NULL) OR (expires_at > now()))));

-- Name: messages messages_send; Type: POLICY; Schema: public; Owner: -

CREATE POLICY messages_send ON public.messages FOR INSERT TO authenticated WITH CHECK (((sender_id = ( SELECT auth.uid() AS uid)) AND private.is_member(chat_id)));

-- Name: nearby_discovery; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.nearby_discovery ENABLE ROW LEVEL SECURITY;

-- Name: nearby_discovery nearby_discovery_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY nearby_discovery_read_own ON public.nearby_discovery FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: nearby_discovery nearby_discovery_remove_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY nearby_discovery_remove_own ON public.nearby_discovery FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: phone_hashes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.phone_hashes ENABLE ROW LEVEL SECURITY;

-- Name: refresh_tokens; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.refresh_tokens ENABLE ROW LEVEL SECURITY;

-- Name: sessions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;

-- Name: sign_in_attempts; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.sign_in_attempts ENABLE ROW LEVEL SECURITY;

-- Name: transactions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.transactions ENABLE ROW LEVEL SECURITY;

-- Name: transactions transactions_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY transactions_read_own ON public.transactions FOR SELECT TO authenticated USING (((( SELECT auth.uid() AS uid) = from_user_id) OR (( SELECT auth.uid() AS uid) = to_user_id)));

-- Name: user_wallets; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.user_wallets ENABLE ROW LEVEL SECURITY;

-- Name: user_wallets user_wallets_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY user_wallets_read_own ON public.user_wallets FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: users; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

-- Name: users users_change_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY users_change_own ON public.users FOR UPDATE TO authenticated USING ((id = ( SELECT auth.uid() AS uid))) WITH CHECK ((id = ( SELECT auth.uid() AS uid)));

-- Name: users users_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY users_read ON public.users FOR SELECT TO authenticated USING (((id = ( SELECT auth.uid() AS uid)) OR private.shares_chat_with(id)));

-- Name: waitlist; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.waitlist ENABLE ROW LEVEL SECURITY;

-- Name: SCHEMA cyphr; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA cyphr TO PUBLIC;

-- Name: SCHEMA private; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA private TO anon;
GRANT USAGE ON SCHEMA private TO authenticated;
GRANT USAGE ON SCHEMA private TO cyphr_app;

-- Name: FUNCTION administers(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.administers(p_chat_id uuid) FROM PUBLIC;

-- Name: FUNCTION advance_watermarks(p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.advance_watermarks(p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.advance_watermarks(p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]) TO cyphr_app;

-- Name: FUNCTION begin_sign_in(p_email text, p_email_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.begin_sign_in(p_email text, p_email_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.begin_sign_in(p_email text, p_email_hash text) TO cyphr_app;

-- Name: FUNCTION can_read(chat uuid, message_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.can_read(chat uuid, message_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.can_read(chat uuid, message_seq bigint) TO authenticated;

-- Name: FUNCTION create_group(p_chat_id uuid, p_name text, p_members uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) TO cyphr_app;

-- Name: FUNCTION delete_message(p_chat_id uuid, p_message_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.delete_message(p_chat_id uuid, p_message_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.delete_message(p_chat_id uuid, p_message_id uuid) TO cyphr_app;

-- Name: FUNCTION edit_message(p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.edit_message(p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.edit_message(p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]) TO cyphr_app;

-- Name: FUNCTION empty_message(p_message_id uuid, p_deleted_at timestamp with time zone); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.empty_message(p_message_id uuid, p_deleted_at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION find_messages(p_words text, p_chat_id uuid, p_before timestamp with time zone, p_before_id uuid, p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.find_messages(p_words text, p_chat_id uuid, p_before timestamp with time zone, p_before_id uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.find_messages(p_words text, p_chat_id uuid, p_before timestamp with time zone, p_before_id uuid, p_limit integer) TO cyphr_app;

-- Name: FUNCTION find_person(p_cyphr_id text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.find_person(p_cyphr_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.find_person(p_cyphr_id text) TO cyphr_app;

-- Name: FUNCTION forgive_sign_in(p_email_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forgive_sign_in(p_email_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forgive_sign_in(p_email_hash text) TO cyphr_app;

-- Name: FUNCTION hearers_of(p_chat_id uuid, p_message_id uuid, p_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.hearers_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) FROM PUBLIC;

-- Name: FUNCTION hide_message(p_chat_id uuid, p_message_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.hide_message(p_chat_id uuid, p_message_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.hide_message(p_chat_id uuid, p_message_id uuid) TO cyphr_app;

-- Name: FUNCTION hold_service(p_service text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.hold_service(p_service text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.hold_service(p_service text) TO cyphr_app;

-- Name: FUNCTION is_member(chat uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_member(chat uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_member(chat uuid) TO authenticated;

-- Name: FUNCTION issue_email_code(p_email text, p_code_hash bytea); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.issue_email_code(p_email text, p_code_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.issue_email_code(p_email text, p_code_hash bytea) TO cyphr_app;

-- Name: FUNCTION knows_of(p_chat_id uuid, p_message_id uuid, p_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.knows_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) FROM PUBLIC;

-- Name: FUNCTION lock_own_chat(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.lock_own_chat(p_chat_id uuid) FROM PUBLIC;

-- Name: TABLE messages; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.messages TO service_role;
GRANT SELECT ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(id) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.chat_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(chat_id) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.sender_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(sender_id) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.content; Type: ACL; Schema: public; Owner: -

GRANT INSERT(content) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.encrypted; Type: ACL; Schema: public; Owner: -

GRANT INSERT(encrypted) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.message_type; Type: ACL; Schema: public; Owner: -

GRANT INSERT(message_type) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.reply_to_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(reply_to_id) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.file_url; Type: ACL; Schema: public; Owner: -

GRANT INSERT(file_url) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.file_type; Type: ACL; Schema: public; Owner: -

GRANT INSERT(file_type) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.file_size; Type: ACL; Schema: public; Owner: -

GRANT INSERT(file_size) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.thumbnail_url; Type: ACL; Schema: public; Owner: -

GRANT INSERT(thumbnail_url) ON TABLE public.messages TO authenticated;

-- Name: FUNCTION no_change(p_outcome text, p_message public.messages); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.no_change(p_outcome text, p_message public.messages) FROM PUBLIC;

-- Name: FUNCTION number_change(p_chat_id uuid, p_message_id uuid, p_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.number_change(p_chat_id uuid, p_message_id uuid, p_seq bigint) FROM PUBLIC;

-- Name: FUNCTION number_message(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.number_message() FROM PUBLIC;

-- Name: FUNCTION open_direct_chat(p_chat_id uuid, p_other uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.open_direct_chat(p_chat_id uuid, p_other uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_direct_chat(p_chat_id uuid, p_other uuid) TO cyphr_app;

-- Name: FUNCTION open_session(p_session_id uuid, p_user_id uuid, p_device text, p_token_hash bytea, p_expires_at timestamp with time zone); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.open_session(p_session_id uuid, p_user_id uuid, p_device text, p_token_hash bytea, p_expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_session(p_session_id uuid, p_user_id uuid, p_device text, p_token_hash bytea, p_expires_at timestamp with time zone) TO cyphr_app;

-- Name: FUNCTION react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean) TO cyphr_app;

-- Name: FUNCTION record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) TO cyphr_app;

-- Name: FUNCTION register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text) TO cyphr_app;

-- Name: FUNCTION revoke_sessions(p_only uuid, p_kept uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.revoke_sessions(p_only uuid, p_kept uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.revoke_sessions(p_only uuid, p_kept uuid) TO cyphr_app;

-- Name: FUNCTION rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamp with time zone); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamp with time zone) TO cyphr_app;

-- Name: FUNCTION session_is_live(p_session_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.session_is_live(p_session_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.session_is_live(p_session_id uuid) TO cyphr_app;

-- Name: FUNCTION set_avatar(p_url text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_avatar(p_url text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_avatar(p_url text) TO cyphr_app;

-- Name: FUNCTION set_disappearing(p_chat_id uuid, p_seconds integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_disappearing(p_chat_id uuid, p_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_disappearing(p_chat_id uuid, p_seconds integer) TO cyphr_app;

-- Name: FUNCTION set_pin(p_pin_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_pin(p_pin_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_pin(p_pin_hash text) TO cyphr_app;

-- Name: FUNCTION shares_chat_with(person uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.shares_chat_with(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.shares_chat_with(person uuid) TO authenticated;

-- Name: FUNCTION store_messages(p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.store_messages(p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.store_messages(p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]) TO cyphr_app;

-- Name: FUNCTION sweep_expired(p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.sweep_expired(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.sweep_expired(p_limit integer) TO cyphr_app;

-- Name: TABLE switchboard; Type: ACL; Schema: cyphr; Owner: -

GRANT SELECT ON TABLE cyphr.switchboard TO PUBLIC;

-- Name: TABLE chat_participants; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.chat_participants TO service_role;
GRANT SELECT ON TABLE public.chat_participants TO authenticated;

-- Name: TABLE hidden_messages; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.hidden_messages TO service_role;
GRANT SELECT ON TABLE public.hidden_messages TO authenticated;

-- Name: TABLE message_reactions; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_reactions TO service_role;
GRANT SELECT ON TABLE public.message_reactions TO authenticated;

-- Name: TABLE shown_messages; Type: ACL; Schema: private; Owner: -

GRANT SELECT ON TABLE private.shown_messages TO cyphr_app;

-- Name: TABLE account_emails; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.account_emails TO service_role;
GRANT SELECT ON TABLE public.account_emails TO authenticated;

-- Name: TABLE calls; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.calls TO service_role;
GRANT SELECT ON TABLE public.calls TO authenticated;

-- Name: TABLE chats; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.chats TO service_role;
GRANT SELECT ON TABLE public.chats TO authenticated;

-- Name: TABLE cognito_accounts; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.cognito_accounts TO service_role;
GRANT SELECT ON TABLE public.cognito_accounts TO authenticated;

-- Name: TABLE device_registrations; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.device_registrations TO service_role;
GRANT SELECT ON TABLE public.device_registrations TO authenticated;

-- Name: TABLE direct_chats; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.direct_chats TO service_role;

-- Name: TABLE discovery_tokens; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.discovery_tokens TO service_role;
GRANT SELECT,DELETE ON TABLE public.discovery_tokens TO authenticated;

-- Name: TABLE email_codes; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.email_codes TO service_role;

-- Name: TABLE message_drafts; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_drafts TO service_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.message_drafts TO authenticated;

-- Name: COLUMN message_drafts.content; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(content) ON TABLE public.message_drafts TO authenticated;

-- Name: COLUMN message_drafts.reply_to_id; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(reply_to_id) ON TABLE public.message_drafts TO authenticated;

-- Name: COLUMN message_drafts.updated_at; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(updated_at) ON TABLE public.message_drafts TO authenticated;

-- Name: TABLE message_edits; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_edits TO service_role;
GRANT SELECT ON TABLE public.message_edits TO authenticated;

-- Name: TABLE message_status; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_status TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.message_status TO authenticated;

-- Name: TABLE nearby_discovery; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.nearby_discovery TO service_role;
GRANT SELECT,DELETE ON TABLE public.nearby_discovery TO authenticated;

-- Name: TABLE phone_hashes; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.phone_hashes TO service_role;

-- Name: TABLE refresh_tokens; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.refresh_tokens TO service_role;

-- Name: TABLE sessions; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.sessions TO service_role;

-- Name: TABLE sign_in_attempts; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.sign_in_attempts TO service_role;

-- Name: TABLE transactions; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.transactions TO service_role;
GRANT SELECT ON TABLE public.transactions TO authenticated;

-- Name: TABLE user_wallets; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.user_wallets TO service_role;

-- Name: COLUMN user_wallets.id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(id) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.user_id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(user_id) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.public_key; Type: ACL; Schema: public; Owner: -

GRANT SELECT(public_key) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.blockchain; Type: ACL; Schema: public; Owner: -

GRANT SELECT(blockchain) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.balance_xlm; Type: ACL; Schema: public; Owner: -

GRANT SELECT(balance_xlm) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.balance_usdc; Type: ACL; Schema: public; Owner: -

GRANT SELECT(balance_usdc) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.created_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(created_at) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.updated_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(updated_at) ON TABLE public.user_wallets TO authenticated;

-- Name: TABLE users; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.users TO service_role;

-- Name: COLUMN users.id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(id) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.full_name; Type: ACL; Schema: public; Owner: -

GRANT SELECT(full_name),UPDATE(full_name) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.nickname; Type: ACL; Schema: public; Owner: -

GRANT SELECT(nickname),UPDATE(nickname) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.avatar_url; Type: ACL; Schema: public; Owner: -

GRANT SELECT(avatar_url) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.public_key; Type: ACL; Schema: public; Owner: -

GRANT SELECT(public_key) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.status; Type: ACL; Schema: public; Owner: -

GRANT SELECT(status),UPDATE(status) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.is_online; Type: ACL; Schema: public; Owner: -

GRANT SELECT(is_online),UPDATE(is_online) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.last_seen; Type: ACL; Schema: public; Owner: -

GRANT SELECT(last_seen),UPDATE(last_seen) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.created_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(created_at) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.updated_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(updated_at),UPDATE(updated_at) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.cyphr_id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(cyphr_id) ON TABLE public.users TO authenticated;

-- Name: TABLE waitlist; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.waitlist TO service_role;

-- Name: TABLE waitlist_stats; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.waitlist_stats TO service_role;
