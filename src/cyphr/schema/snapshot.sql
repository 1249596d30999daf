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

-- Name: advance_watermarks(uuid[], bigint[], bigint[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.advance_watermarks(p_chat_ids uuid[], p_received bigint[], p_read bigint[]) RETURNS TABLE(chat_id uuid, received_seq bigint, read_seq bigint, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        with wanted as (
            select member.id,
                   greatest(member.received_seq, least(greatest(given.received, given.read), chat.last_seq)) as received,
                   greatest(member.read_seq, least(given.read, chat.last_seq)) as read
            from unnest(p_chat_ids, p_received, p_read) as given (chat_id, received, read)
            join public.chats chat on chat.id = given.chat_id
            join public.chat_participants member
                on member.chat_id = given.chat_id and member.user_id = auth.uid() and member.left_at is null
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
            returning member.chat_id, member.received_seq, member.read_seq
        )
        select moved.chat_id, moved.received_seq, moved.read_seq,
               (select array_agg(other.user_id) from public.chat_participants other
                where other.chat_id = moved.chat_id and other.left_at is null)
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

-- Name: check_pushes(interval, interval, integer, uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.check_pushes(p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    due  uuid[];
    late bigint[];
    idle uuid[];
begin
    select array_agg(found.chat_id), array_agg(found.seq) into due, late
    from (
        select held.chat_id,
               greatest(p_seq, (select message.seq from public.messages message
                                where message.chat_id = held.chat_id and message.created_at <= now() - p_after
                                order by message.created_at desc, message.seq desc limit 1), 0) as seq
        from public.push_checks held
        where (p_chat_id is null and held.since <= now() - p_after) or held.chat_id = p_chat_id
        order by held.since limit p_limit
        for update of held skip locked
    ) found;
    if due is null then
        return 0;
    end if;
    insert into public.push_state as held (device, chat_id, wanted_seq)
    select endpoint.device, member.chat_id, checked.seq
    from unnest(due, late) as checked (chat_id, seq)
    join public.chat_participants member
        on member.chat_id = checked.chat_id and member.left_at is null and member.received_seq < checked.seq
    join public.push_endpoints endpoint on endpoint.user_id = member.user_id
    where exists (
        select from public.messages message
        where message.chat_id = member.chat_id and message.seq <= checked.seq
          and message.seq > greatest(member.received_seq, member.visible_from_seq)
          and private.is_news(message, member.user_id)
    )
    order by endpoint.device, member.chat_id
    on conflict (device, chat_id) do update
    set wanted_seq = excluded.wanted_seq,
        -- What is being sent or sent again is joined; else the device is left in peace for a while after the push before.
        due_at = case when held.wanted_seq > held.pushed_seq and held.tries > 0 then held.due_at
                      else greatest(now(), held.pushed_at + p_collapse) end
    where held.wanted_seq < excluded.wanted_seq;
    update public.push_checks held
    set since = coalesce((select message.created_at from public.messages message
                          where message.chat_id = held.chat_id and message.seq > checked.seq
                          order by message.seq limit 1), now())
    from unnest(due, late) as checked (chat_id, seq)
    where held.chat_id = checked.chat_id;
    -- Whoever stores a message holds its chat. So a chat that can be held here has no message under way, and what was
    -- committed before is seen by the next statement: a check is ended only when nothing can have relied on it.
    select array_agg(free.id) into idle
    from (select chat.id from public.chats chat where chat.id = any (due) for no key update skip locked) free;
    delete from public.push_checks held
    using unnest(due, late) as checked (chat_id, seq)
    where held.chat_id = checked.chat_id and held.chat_id = any (idle)
      and not exists (select from public.messages message
                      where message.chat_id = held.chat_id and message.seq > checked.seq);
    return cardinality(due);
end
$$;

-- Name: count_news(uuid, bigint, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.count_news(p_chat_id uuid, p_seq bigint, p_user_id uuid) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select count(*) from (
        select from public.messages message
        where message.chat_id = p_chat_id and message.seq > p_seq and private.is_news(message, p_user_id)
        limit 100
    ) counted
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

-- Name: find_person(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.find_person(p_cyphr_id text) RETURNS TABLE(id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select person.id, person.full_name, person.cyphr_id, private.shown_picture(person.id, person.avatar_url)
    from public.users person
    where person.cyphr_id = p_cyphr_id and (select auth.uid()) is not null
$$;

-- Name: finish_pushes(uuid[], uuid[], bigint[], boolean[], interval); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.finish_pushes(p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.push_state held
    set pushed_seq = case when sent.silent then held.pushed_seq else greatest(held.pushed_seq, sent.seq) end,
        badged_seq = greatest(held.badged_seq, sent.seq),
        pushed_at  = now(),
        due_at     = case when sent.silent then now() else now() + p_collapse end,
        tries      = 0
    from unnest(p_devices, p_chat_ids, p_seqs, p_silent) as sent (device, chat_id, seq, silent)
    where held.device = sent.device and held.chat_id = sent.chat_id
$$;

-- Name: forget_endpoint(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forget_endpoint(p_device uuid, p_token text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.push_endpoints where device = p_device and token = p_token
$$;

-- Name: forget_endpoints_of_session(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forget_endpoints_of_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    delete from public.push_endpoints where session_id = new.id;
    return null;
end
$$;

-- Name: forgive_sign_in(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forgive_sign_in(p_email_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.sign_in_attempts set failed = 0, locked_until = null, updated_at = now()
    where email_hash = p_email_hash
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

-- Name: is_mentioned(uuid, bigint, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_mentioned(p_chat_id uuid, p_seq bigint, p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.messages message
        where message.chat_id = p_chat_id and message.seq > p_seq and p_user_id = any (message.mentions)
          and private.is_news(message, p_user_id)
    )
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
    deleted_at timestamp with time zone,
    expires_at timestamp with time zone,
    mentions uuid[]
);

-- Name: is_news(public.messages, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_news(message public.messages, p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select message.sender_id <> p_user_id and message.message_type is distinct from 'notice'
       and message.deleted_at is null and (message.expires_at is null or message.expires_at > now())
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

-- Name: keep_endpoint_arn(uuid, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.keep_endpoint_arn(p_device uuid, p_token text, p_arn text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.push_endpoints set endpoint_arn = p_arn, made_with = p_token
    where device = p_device and token = p_token
$$;

-- Name: note_messages(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.note_messages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    insert into public.push_checks (chat_id, since)
    select distinct stored.chat_id, clock_timestamp() from stored where stored.created_at > now() - interval '1 hour'
    on conflict (chat_id) do nothing;
    return null;
end
$$;

-- Name: number_message(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.number_message() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    next_seq bigint;
begin
    update public.chats set last_seq = last_seq + 1 where id = new.chat_id returning last_seq into next_seq;
    update public.messages set seq = next_seq where id = new.id;
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

-- Name: push_reader(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.push_reader(p_device uuid, p_chat_id uuid) RETURNS TABLE(user_id uuid, platform text, token text, endpoint_arn text, language text, group_name text, held_seq bigint, muted boolean, preview text, mentions_break_mute boolean, quiet_end timestamp with time zone, quiet_mode text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select endpoint.user_id, endpoint.platform, endpoint.token,
           case when endpoint.made_with = endpoint.token then endpoint.endpoint_arn end, endpoint.language,
           case when chat.type = 'group' then coalesce(chat.name, '') end,
           greatest(member.received_seq, member.visible_from_seq), coalesce(member.muted_until > now(), false),
           coalesce(wish.preview, 'full'), coalesce(wish.mentions_break_mute, false),
           private.quiet_until(wish.quiet_from, wish.quiet_until, wish.time_zone), wish.quiet_mode
    from public.push_endpoints endpoint
    join public.sessions session
        on session.id = endpoint.session_id and session.revoked_at is null and session.expires_at > now()
    join public.chat_participants member
        on member.user_id = endpoint.user_id and member.chat_id = p_chat_id and member.left_at is null
    join public.chats chat on chat.id = p_chat_id
    left join public.notification_settings wish on wish.user_id = endpoint.user_id
    where endpoint.device = p_device
$$;

-- Name: quiet_until(time without time zone, time without time zone, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.quiet_until(p_from time without time zone, p_until time without time zone, p_time_zone text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    here    timestamp;
    ends_on date;
begin
    here := now() at time zone p_time_zone;
    if p_from < p_until and here::time >= p_from and here::time < p_until then
        ends_on := here::date;
    elsif p_from > p_until and here::time >= p_from then
        ends_on := here::date + 1;
    elsif p_from > p_until and here::time < p_until then
        ends_on := here::date;
    end if;
    return (ends_on + p_until) at time zone p_time_zone;
exception when invalid_parameter_value then
    -- The zone was known to the database that it was set in.
    return null;
end
$$;

-- Name: read_presence(uuid, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.read_presence(p_chat_id uuid, p_limit integer) RETURNS TABLE(user_id uuid, last_seen timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select member.user_id, person.last_seen
    from public.chat_participants member
    join public.users person on person.id = member.user_id
    where member.chat_id = p_chat_id and member.left_at is null and member.user_id <> (select auth.uid())
      and private.is_member(p_chat_id)
      and not exists (select from public.privacy_settings hidden
                      where hidden.user_id in (member.user_id, (select auth.uid())) and hidden.last_seen = 'nobody')
    order by member.joined_at, member.user_id
    limit p_limit
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

-- Name: record_presence(uuid[], boolean[], timestamp with time zone[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamp with time zone[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.users person
    set is_online = seen.online, last_seen = greatest(person.last_seen, seen.seen_at)
    from unnest(p_user_ids, p_online, p_seen_at) as seen (user_id, online, seen_at)
    where person.id = seen.user_id
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

-- Name: register_endpoint(uuid, uuid, text, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.register_endpoint(p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    -- Two that register one token at this moment: the second finds the first.
    perform pg_advisory_xact_lock(hashtextextended(p_platform || p_token, 0));
    delete from public.push_endpoints known
    where (known.device = p_device and known.user_id <> auth.uid())
       or (known.device <> p_device and known.platform = p_platform and known.token = p_token);
    insert into public.push_endpoints as known (device, user_id, session_id, platform, token, language)
    values (p_device, auth.uid(), p_session_id, p_platform, p_token, p_language)
    on conflict (device) do update
    set session_id = excluded.session_id, platform = excluded.platform, token = excluded.token,
        language = excluded.language, updated_at = now();
    delete from public.push_endpoints known
    where known.device in (select mine.device from public.push_endpoints mine where mine.user_id = auth.uid()
                           order by mine.updated_at desc, mine.device = p_device desc offset 20);
end
$$;

-- Name: remove_endpoint(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.remove_endpoint(p_device uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.push_endpoints where device = p_device and user_id = (select auth.uid())
$$;

-- Name: retry_pushes(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.retry_pushes(p_devices uuid[], p_chat_ids uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.push_state held
    set due_at = now() + least(300, 2 ^ least(held.tries, 10)) * (0.5 + random() / 2) * interval '1 second'
    from unnest(p_devices, p_chat_ids) as failed (device, chat_id)
    where held.device = failed.device and held.chat_id = failed.chat_id
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

-- Name: set_notifications(text, boolean, time without time zone, time without time zone, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_notifications(p_preview text, p_mentions_break_mute boolean, p_quiet_from time without time zone, p_quiet_until time without time zone, p_time_zone text, p_quiet_mode text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    perform now() at time zone p_time_zone;
    insert into public.notification_settings
        (user_id, preview, mentions_break_mute, quiet_from, quiet_until, time_zone, quiet_mode)
    values (auth.uid(), p_preview, p_mentions_break_mute, p_quiet_from, p_quiet_until, p_time_zone, p_quiet_mode)
    on conflict (user_id) do update
    set preview = excluded.preview, mentions_break_mute = excluded.mentions_break_mute,
        quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, time_zone = excluded.time_zone,
        quiet_mode = excluded.quiet_mode, updated_at = now();
    return true;
exception when invalid_parameter_value then
    return false;
end
$$;

-- Name: set_pin(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_pin(p_pin_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.users set pin_hash = p_pin_hash, updated_at = now() where id = (select auth.uid())
$$;

-- Name: set_privacy(text, text, boolean); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    insert into public.privacy_settings (user_id, last_seen, picture, read_receipts)
    values (auth.uid(), p_last_seen, p_picture, p_read_receipts)
    on conflict (user_id) do update
    set last_seen = excluded.last_seen, picture = excluded.picture, read_receipts = excluded.read_receipts,
        updated_at = now()
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

-- Name: shown_picture(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.shown_picture(p_user_id uuid, p_url text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select case when p_user_id = (select auth.uid()) or not exists (
        select from public.privacy_settings hidden
        where hidden.user_id = p_user_id
          and (hidden.picture = 'nobody' or (hidden.picture = 'contacts' and not private.shares_chat_with(p_user_id)))
    ) then p_url end
$$;

-- Name: shown_read_seq(uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.shown_read_seq(p_reader uuid, p_read_seq bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select case when private.who_sees_reading(p_reader, array[(select auth.uid())]) is not null then p_read_seq else 0 end
$$;

-- Name: store_message(uuid, uuid, uuid, text, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.store_message(p_chat_id uuid, p_client_id uuid, p_message_id uuid, p_content text, p_reply_to_id uuid) RETURNS TABLE(message_id uuid, chat_id uuid, seq bigint, created_at timestamp with time zone, repeated boolean, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    me      uuid := auth.uid();
    members uuid[];
    stored  public.messages;
    sent_at timestamptz;
begin
    -- A stranger must not be able to hold up a chat: membership first, then the lock.
    if private.is_member(p_chat_id) then
        perform from public.chats where id = p_chat_id for update;
    end if;
    -- Under the lock, so that the same id sent twice at once is stored once.
    select * into stored from public.messages known where known.sender_id = me and known.client_id = p_client_id;
    if stored.id is null then
        select array_agg(member.user_id) into members from public.chat_participants member
        where member.chat_id = p_chat_id and member.left_at is null;
        if me is null or not coalesce(me = any (members), false) then
            return;
        end if;
        if p_reply_to_id is not null and not exists (
            select from public.messages answered
            where answered.id = p_reply_to_id and answered.chat_id = p_chat_id and private.can_read(p_chat_id, answered.seq)
        ) then
            return query select null::uuid, p_chat_id, null::bigint, null::timestamptz, false, null::uuid[];
            return;
        end if;
        -- The clock now, not the transaction's start: times must rise with the numbers.
        sent_at := clock_timestamp();
        update public.chats chat
        set last_seq = chat.last_seq + 1, last_message_id = p_message_id, last_message_time = sent_at,
            updated_at = sent_at
        where chat.id = p_chat_id returning chat.last_seq into seq;
        insert into public.messages
            (id, chat_id, sender_id, content, created_at, updated_at, reply_to_id, seq, client_id)
        values (p_message_id, p_chat_id, me, p_content, sent_at, sent_at, p_reply_to_id, seq, p_client_id);
        return query select p_message_id, p_chat_id, seq, sent_at, false, members;
    else
        select array_agg(member.user_id) into members from public.chat_participants member
        where member.chat_id = stored.chat_id and member.left_at is null;
        return query select stored.id, stored.chat_id, stored.seq, stored.created_at, true, members;
    end if;
end
$$;

-- Name: store_messages(uuid, uuid[], uuid[], uuid[], text[], uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.store_messages(p_chat_id uuid, p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[]) RETURNS TABLE(place integer, message_id uuid, chat_id uuid, seq bigint, created_at timestamp with time zone, repeated boolean, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    for i in 1 .. cardinality(p_sender_ids) loop
        perform set_config('request.jwt.claims',
                           json_build_object('role', 'authenticated', 'sub', p_sender_ids[i])::text, true);
        return query
            select i, stored.* from private.store_message(
                p_chat_id, p_client_ids[i], p_message_ids[i], p_contents[i], p_reply_to_ids[i]) stored;
    end loop;
end
$$;

-- Name: take_pushes(integer, uuid, interval); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.take_pushes(p_limit integer, p_chat_id uuid, p_lease interval) RETURNS TABLE(device uuid, chat_id uuid, seq bigint, silent boolean, platform text, token text, endpoint_arn text, language text, preview text, group_name text, sender_name text, content text, message_type text, encrypted boolean, waiting bigint, badge bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    given  integer := 0;
    taken  public.push_state;
    reader record;
    newest public.messages;
begin
    for i in 1 .. 500 loop
        exit when given >= p_limit;
        update public.push_state held set due_at = now() + p_lease, tries = held.tries + 1
        from (
            select waits.device, waits.chat_id from public.push_state waits
            where waits.wanted_seq > waits.pushed_seq and waits.due_at <= now()
              and (p_chat_id is null or waits.chat_id = p_chat_id)
            order by waits.due_at limit 1
            for update skip locked
        ) due
        where held.device = due.device and held.chat_id = due.chat_id
        returning held.* into taken;
        exit when taken.device is null;
        select * into reader from private.push_reader(taken.device, taken.chat_id);
        select message.* into newest from public.messages message
        where message.chat_id = taken.chat_id and message.seq > reader.held_seq
          and private.is_news(message, reader.user_id)
        order by message.seq desc limit 1;
        if newest.id is null or newest.seq <= taken.pushed_seq or newest.created_at < now() - interval '1 day'
           or (reader.muted and not (reader.mentions_break_mute and private.is_mentioned(
                   taken.chat_id, greatest(reader.held_seq, taken.pushed_seq), reader.user_id))) then
            update public.push_state held set pushed_seq = taken.wanted_seq, tries = 0, due_at = now()
            where held.device = taken.device and held.chat_id = taken.chat_id;
        elsif reader.quiet_end is not null and (reader.quiet_mode = 'none' or newest.seq <= taken.badged_seq) then
            update public.push_state held set due_at = reader.quiet_end, tries = 0
            where held.device = taken.device and held.chat_id = taken.chat_id;
        else
            given := given + 1;
            return query
                select taken.device, taken.chat_id, greatest(newest.seq, taken.wanted_seq), reader.quiet_end is not null,
                       reader.platform, reader.token, reader.endpoint_arn, reader.language, reader.preview,
                       reader.group_name,
                       (select person.full_name::text from public.users person where person.id = newest.sender_id),
                       newest.content, coalesce(newest.message_type::text, 'text'), coalesce(newest.encrypted, false),
                       private.count_news(taken.chat_id, reader.held_seq, reader.user_id),
                       private.unread_chats(reader.user_id);
        end if;
    end loop;
end
$$;

-- Name: unread_chats(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.unread_chats(p_user_id uuid) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select count(*)
    from public.chat_participants member
    where member.user_id = p_user_id and member.left_at is null
      and (member.muted_until is null or member.muted_until <= now())
      and exists (
          select from public.messages message
          where message.chat_id = member.chat_id and message.seq > greatest(member.read_seq, member.visible_from_seq)
            and private.is_news(message, p_user_id)
      )
$$;

-- Name: who_sees_reading(uuid, uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.who_sees_reading(p_reader uuid, p_members uuid[]) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select array_agg(member.user_id)
    from unnest(p_members) as member (user_id)
    where member.user_id = p_reader
       or not exists (select from public.privacy_settings hidden
                      where not hidden.read_receipts and hidden.user_id in (member.user_id, p_reader))
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
    visible_from_seq bigint DEFAULT 0 NOT NULL,
    muted_until timestamp with time zone
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
    last_seq bigint DEFAULT 0 NOT NULL
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

-- Name: notification_settings; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.notification_settings (
    user_id uuid NOT NULL,
    preview text DEFAULT 'full'::text NOT NULL,
    mentions_break_mute boolean DEFAULT false NOT NULL,
    quiet_from time without time zone,
    quiet_until time without time zone,
    time_zone text,
    quiet_mode text DEFAULT 'none'::text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT notification_settings_check CHECK ((num_nulls(quiet_from, quiet_until, time_zone) = ANY (ARRAY[0, 3]))),
    CONSTRAINT notification_settings_preview_check CHECK ((preview = ANY (ARRAY['full'::text, 'name'::text, 'none'::text]))),
    CONSTRAINT notification_settings_quiet_mode_check CHECK ((quiet_mode = ANY (ARRAY['badge'::text, 'none'::text])))
);

-- Name: phone_hashes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.phone_hashes (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    phone_hash character varying(128) NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now()
);

-- Name: privacy_settings; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.privacy_settings (
    user_id uuid NOT NULL,
    last_seen text DEFAULT 'everyone'::text NOT NULL,
    picture text DEFAULT 'everyone'::text NOT NULL,
    read_receipts boolean DEFAULT true NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT privacy_settings_last_seen_check CHECK ((last_seen = ANY (ARRAY['everyone'::text, 'contacts'::text, 'nobody'::text]))),
    CONSTRAINT privacy_settings_picture_check CHECK ((picture = ANY (ARRAY['everyone'::text, 'contacts'::text, 'nobody'::text])))
);

-- Name: push_checks; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.push_checks (
    chat_id uuid NOT NULL,
    since timestamp with time zone NOT NULL
);

-- Name: push_endpoints; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.push_endpoints (
    device uuid NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    platform text NOT NULL,
    token text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    endpoint_arn text,
    made_with text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT push_endpoints_language_check CHECK ((language = ANY (ARRAY['en'::text, 'ru'::text]))),
    CONSTRAINT push_endpoints_platform_check CHECK ((platform = ANY (ARRAY['fcm'::text, 'apns'::text, 'webpush'::text])))
);

-- Name: push_state; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.push_state (
    device uuid NOT NULL,
    chat_id uuid NOT NULL,
    wanted_seq bigint NOT NULL,
    pushed_seq bigint DEFAULT 0 NOT NULL,
    badged_seq bigint DEFAULT 0 NOT NULL,
    pushed_at timestamp with time zone,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    tries integer DEFAULT 0 NOT NULL
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

-- Name: notification_settings notification_settings_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.notification_settings
    ADD CONSTRAINT notification_settings_pkey PRIMARY KEY (user_id);

-- Name: phone_hashes phone_hashes_phone_hash_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_phone_hash_key UNIQUE (phone_hash);

-- Name: phone_hashes phone_hashes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_pkey PRIMARY KEY (id);

-- Name: privacy_settings privacy_settings_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.privacy_settings
    ADD CONSTRAINT privacy_settings_pkey PRIMARY KEY (user_id);

-- Name: push_checks push_checks_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_checks
    ADD CONSTRAINT push_checks_pkey PRIMARY KEY (chat_id);

-- Name: push_endpoints push_endpoints_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_endpoints
    ADD CONSTRAINT push_endpoints_pkey PRIMARY KEY (device);

-- Name: push_endpoints push_endpoints_platform_token_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_endpoints
    ADD CONSTRAINT push_endpoints_platform_token_key UNIQUE (platform, token);

-- Name: push_state push_state_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_state
    ADD CONSTRAINT push_state_pkey PRIMARY KEY (device, chat_id);

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

-- Name: message_status_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX message_status_user ON public.message_status USING btree (user_id);

-- Name: messages_chat_created; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_chat_created ON public.messages USING btree (chat_id, created_at);

-- Name: messages_chat_seq; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX messages_chat_seq ON public.messages USING btree (chat_id, seq);

-- Name: messages_reply_to; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_reply_to ON public.messages USING btree (reply_to_id) WHERE (reply_to_id IS NOT NULL);

-- Name: messages_sender; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_sender ON public.messages USING btree (sender_id);

-- Name: messages_sender_client; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX messages_sender_client ON public.messages USING btree (sender_id, client_id);

-- Name: nearby_discovery_location; Type: INDEX; Schema: public; Owner: -

CREATE INDEX nearby_discovery_location ON public.nearby_discovery USING btree (location_hash);

-- Name: nearby_discovery_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX nearby_discovery_user ON public.nearby_discovery USING btree (user_id);

-- Name: phone_hashes_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX phone_hashes_user ON public.phone_hashes USING btree (user_id);

-- Name: privacy_settings_unread; Type: INDEX; Schema: public; Owner: -

CREATE INDEX privacy_settings_unread ON public.privacy_settings USING btree (user_id) WHERE (NOT read_receipts);

-- Name: push_checks_since; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_checks_since ON public.push_checks USING btree (since);

-- Name: push_endpoints_session; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_endpoints_session ON public.push_endpoints USING btree (session_id);

-- Name: push_endpoints_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_endpoints_user ON public.push_endpoints USING btree (user_id);

-- Name: push_state_chat; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_state_chat ON public.push_state USING btree (chat_id);

-- Name: push_state_due; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_state_due ON public.push_state USING btree (due_at) WHERE (wanted_seq > pushed_seq);

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

-- Name: sessions forget_endpoints; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER forget_endpoints AFTER UPDATE OF revoked_at ON public.sessions FOR EACH ROW WHEN ((new.revoked_at IS NOT NULL)) EXECUTE FUNCTION private.forget_endpoints_of_session();

-- Name: messages note_messages; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER note_messages AFTER INSERT ON public.messages REFERENCING NEW TABLE AS stored FOR EACH STATEMENT EXECUTE FUNCTION private.note_messages();

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

-- Name: notification_settings notification_settings_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.notification_settings
    ADD CONSTRAINT notification_settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: phone_hashes phone_hashes_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: privacy_settings privacy_settings_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.privacy_settings
    ADD CONSTRAINT privacy_settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: push_checks push_checks_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_checks
    ADD CONSTRAINT push_checks_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: push_endpoints push_endpoints_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_endpoints
    ADD CONSTRAINT push_endpoints_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;

-- Name: push_endpoints push_endpoints_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_endpoints
    ADD CONSTRAINT push_endpoints_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: push_state push_state_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_state
    ADD CONSTRAINT push_state_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: push_state push_state_device_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_state
    ADD CONSTRAINT push_state_device_fkey FOREIGN KEY (device) REFERENCES public.push_endpoints(device) ON DELETE CASCADE;

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

CREATE POLICY messages_read ON public.messages FOR SELECT TO authenticated USING (private.can_read(chat_id, seq));

-- Name: messages messages_send; Type: POLICY; Schema: public; Owner: -

CREATE POLICY messages_send ON public.messages FOR INSERT TO authenticated WITH CHECK (((sender_id = ( SELECT auth.uid() AS uid)) AND private.is_member(chat_id)));

-- Name: nearby_discovery; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.nearby_discovery ENABLE ROW LEVEL SECURITY;

-- Name: nearby_discovery nearby_discovery_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY nearby_discovery_read_own ON public.nearby_discovery FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: nearby_discovery nearby_discovery_remove_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY nearby_discovery_remove_own ON public.nearby_discovery FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: notification_settings; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.notification_settings ENABLE ROW LEVEL SECURITY;

-- Name: notification_settings notification_settings_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY notification_settings_read_own ON public.notification_settings FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: phone_hashes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.phone_hashes ENABLE ROW LEVEL SECURITY;

-- Name: privacy_settings; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.privacy_settings ENABLE ROW LEVEL SECURITY;

-- Name: privacy_settings privacy_settings_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY privacy_settings_read_own ON public.privacy_settings FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: push_checks; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.push_checks ENABLE ROW LEVEL SECURITY;

-- Name: push_endpoints; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.push_endpoints ENABLE ROW LEVEL SECURITY;

-- Name: push_state; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.push_state ENABLE ROW LEVEL SECURITY;

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

-- Name: FUNCTION advance_watermarks(p_chat_ids uuid[], p_received bigint[], p_read bigint[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.advance_watermarks(p_chat_ids uuid[], p_received bigint[], p_read bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.advance_watermarks(p_chat_ids uuid[], p_received bigint[], p_read bigint[]) TO cyphr_app;

-- Name: FUNCTION begin_sign_in(p_email text, p_email_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.begin_sign_in(p_email text, p_email_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.begin_sign_in(p_email text, p_email_hash text) TO cyphr_app;

-- Name: FUNCTION can_read(chat uuid, message_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.can_read(chat uuid, message_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.can_read(chat uuid, message_seq bigint) TO authenticated;

-- Name: FUNCTION check_pushes(p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.check_pushes(p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.check_pushes(p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint) TO cyphr_app;

-- Name: FUNCTION count_news(p_chat_id uuid, p_seq bigint, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.count_news(p_chat_id uuid, p_seq bigint, p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION create_group(p_chat_id uuid, p_name text, p_members uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) TO cyphr_app;

-- Name: FUNCTION find_person(p_cyphr_id text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.find_person(p_cyphr_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.find_person(p_cyphr_id text) TO cyphr_app;

-- Name: FUNCTION finish_pushes(p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.finish_pushes(p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval) FROM PUBLIC;
GRANT ALL ON FUNCTION private.finish_pushes(p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval) TO cyphr_app;

-- Name: FUNCTION forget_endpoint(p_device uuid, p_token text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forget_endpoint(p_device uuid, p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forget_endpoint(p_device uuid, p_token text) TO cyphr_app;

-- Name: FUNCTION forget_endpoints_of_session(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forget_endpoints_of_session() FROM PUBLIC;

-- Name: FUNCTION forgive_sign_in(p_email_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forgive_sign_in(p_email_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forgive_sign_in(p_email_hash text) TO cyphr_app;

-- Name: FUNCTION hold_service(p_service text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.hold_service(p_service text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.hold_service(p_service text) TO cyphr_app;

-- Name: FUNCTION is_member(chat uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_member(chat uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_member(chat uuid) TO authenticated;

-- Name: FUNCTION is_mentioned(p_chat_id uuid, p_seq bigint, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_mentioned(p_chat_id uuid, p_seq bigint, p_user_id uuid) FROM PUBLIC;

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

-- Name: FUNCTION is_news(message public.messages, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_news(message public.messages, p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION issue_email_code(p_email text, p_code_hash bytea); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.issue_email_code(p_email text, p_code_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.issue_email_code(p_email text, p_code_hash bytea) TO cyphr_app;

-- Name: FUNCTION keep_endpoint_arn(p_device uuid, p_token text, p_arn text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.keep_endpoint_arn(p_device uuid, p_token text, p_arn text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.keep_endpoint_arn(p_device uuid, p_token text, p_arn text) TO cyphr_app;

-- Name: FUNCTION note_messages(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.note_messages() FROM PUBLIC;

-- Name: FUNCTION number_message(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.number_message() FROM PUBLIC;

-- Name: FUNCTION open_direct_chat(p_chat_id uuid, p_other uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.open_direct_chat(p_chat_id uuid, p_other uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_direct_chat(p_chat_id uuid, p_other uuid) TO cyphr_app;

-- Name: FUNCTION open_session(p_session_id uuid, p_user_id uuid, p_device text, p_token_hash bytea, p_expires_at timestamp with time zone); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.open_session(p_session_id uuid, p_user_id uuid, p_device text, p_token_hash bytea, p_expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_session(p_session_id uuid, p_user_id uuid, p_device text, p_token_hash bytea, p_expires_at timestamp with time zone) TO cyphr_app;

-- Name: FUNCTION push_reader(p_device uuid, p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.push_reader(p_device uuid, p_chat_id uuid) FROM PUBLIC;

-- Name: FUNCTION quiet_until(p_from time without time zone, p_until time without time zone, p_time_zone text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.quiet_until(p_from time without time zone, p_until time without time zone, p_time_zone text) FROM PUBLIC;

-- Name: FUNCTION read_presence(p_chat_id uuid, p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.read_presence(p_chat_id uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.read_presence(p_chat_id uuid, p_limit integer) TO cyphr_app;

-- Name: FUNCTION record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) TO cyphr_app;

-- Name: FUNCTION record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamp with time zone[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamp with time zone[]) TO cyphr_app;

-- Name: FUNCTION register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text) TO cyphr_app;

-- Name: FUNCTION register_endpoint(p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.register_endpoint(p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.register_endpoint(p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text) TO cyphr_app;

-- Name: FUNCTION remove_endpoint(p_device uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.remove_endpoint(p_device uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_endpoint(p_device uuid) TO cyphr_app;

-- Name: FUNCTION retry_pushes(p_devices uuid[], p_chat_ids uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.retry_pushes(p_devices uuid[], p_chat_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.retry_pushes(p_devices uuid[], p_chat_ids uuid[]) TO cyphr_app;

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

-- Name: FUNCTION set_notifications(p_preview text, p_mentions_break_mute boolean, p_quiet_from time without time zone, p_quiet_until time without time zone, p_time_zone text, p_quiet_mode text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_notifications(p_preview text, p_mentions_break_mute boolean, p_quiet_from time without time zone, p_quiet_until time without time zone, p_time_zone text, p_quiet_mode text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_notifications(p_preview text, p_mentions_break_mute boolean, p_quiet_from time without time zone, p_quiet_until time without time zone, p_time_zone text, p_quiet_mode text) TO cyphr_app;

-- Name: FUNCTION set_pin(p_pin_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_pin(p_pin_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_pin(p_pin_hash text) TO cyphr_app;

-- Name: FUNCTION set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean) TO cyphr_app;

-- Name: FUNCTION shares_chat_with(person uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.shares_chat_with(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.shares_chat_with(person uuid) TO authenticated;

-- Name: FUNCTION shown_picture(p_user_id uuid, p_url text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.shown_picture(p_user_id uuid, p_url text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.shown_picture(p_user_id uuid, p_url text) TO cyphr_app;

-- Name: FUNCTION shown_read_seq(p_reader uuid, p_read_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.shown_read_seq(p_reader uuid, p_read_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.shown_read_seq(p_reader uuid, p_read_seq bigint) TO cyphr_app;

-- Name: FUNCTION store_message(p_chat_id uuid, p_client_id uuid, p_message_id uuid, p_content text, p_reply_to_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.store_message(p_chat_id uuid, p_client_id uuid, p_message_id uuid, p_content text, p_reply_to_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.store_message(p_chat_id uuid, p_client_id uuid, p_message_id uuid, p_content text, p_reply_to_id uuid) TO cyphr_app;

-- Name: FUNCTION store_messages(p_chat_id uuid, p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.store_messages(p_chat_id uuid, p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.store_messages(p_chat_id uuid, p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[]) TO cyphr_app;

-- Name: FUNCTION take_pushes(p_limit integer, p_chat_id uuid, p_lease interval); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.take_pushes(p_limit integer, p_chat_id uuid, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_pushes(p_limit integer, p_chat_id uuid, p_lease interval) TO cyphr_app;

-- Name: FUNCTION unread_chats(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.unread_chats(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION who_sees_reading(p_reader uuid, p_members uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.who_sees_reading(p_reader uuid, p_members uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.who_sees_reading(p_reader uuid, p_members uuid[]) TO cyphr_app;

-- Name: TABLE switchboard; Type: ACL; Schema: cyphr; Owner: -

GRANT SELECT ON TABLE cyphr.switchboard TO PUBLIC;

-- Name: TABLE account_emails; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.account_emails TO service_role;
GRANT SELECT ON TABLE public.account_emails TO authenticated;

-- Name: TABLE calls; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.calls TO service_role;
GRANT SELECT ON TABLE public.calls TO authenticated;

-- Name: TABLE chat_participants; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.chat_participants TO service_role;
GRANT SELECT ON TABLE public.chat_participants TO authenticated;

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

-- Name: TABLE message_status; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_status TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.message_status TO authenticated;

-- Name: TABLE nearby_discovery; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.nearby_discovery TO service_role;
GRANT SELECT,DELETE ON TABLE public.nearby_discovery TO authenticated;

-- Name: TABLE notification_settings; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.notification_settings TO service_role;
GRANT SELECT ON TABLE public.notification_settings TO authenticated;

-- Name: TABLE phone_hashes; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.phone_hashes TO service_role;

-- Name: TABLE privacy_settings; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.privacy_settings TO service_role;
GRANT SELECT ON TABLE public.privacy_settings TO authenticated;

-- Name: TABLE push_checks; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.push_checks TO service_role;

-- Name: TABLE push_endpoints; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.push_endpoints TO service_role;

-- Name: TABLE push_state; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.push_state TO service_role;

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

GRANT UPDATE(is_online) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.last_seen; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(last_seen) ON TABLE public.users TO authenticated;

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
