-- Push: who has to be told of what, and that each is told once.

-- A device that is known moves to whoever signs in on it now; what it was told of the one before is forgotten. So is any
-- other device of the same token: it is the same one, installed anew. A person has 20 devices at most, the latest ones.
create or replace function private.register_endpoint(
    p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text
) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
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

create or replace function private.remove_endpoint(p_device uuid) returns void
    language sql volatile security definer set search_path = ''
as $$
    delete from public.push_endpoints where device = p_device and user_id = (select auth.uid())
$$;

-- The token does not exist any more. One that was registered meanwhile stays.
create or replace function private.forget_endpoint(p_device uuid, p_token text) returns void
    language sql volatile security definer set search_path = ''
as $$
    delete from public.push_endpoints where device = p_device and token = p_token
$$;

create or replace function private.keep_endpoint_arn(p_device uuid, p_token text, p_arn text) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.push_endpoints set endpoint_arn = p_arn, made_with = p_token
    where device = p_device and token = p_token
$$;

-- False: this database knows no such time zone.
create or replace function private.set_notifications(
    p_preview text, p_mentions_break_mute boolean, p_quiet_from time, p_quiet_until time, p_time_zone text,
    p_quiet_mode text
) returns boolean
    language plpgsql volatile security definer set search_path = ''
as $$
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

-- When the quiet hours that are now end; null: they are not now. They may pass midnight.
create or replace function private.quiet_until(p_from time, p_until time, p_time_zone text) returns timestamptz
    language plpgsql stable security definer set search_path = ''
as $$
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

-- A message is news to somebody unless they sent it, or it says who came and went, or it is gone.
create or replace function private.is_news(message public.messages, p_user_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select message.sender_id <> p_user_id and message.message_type is distinct from 'notice'
       and message.deleted_at is null and (message.expires_at is null or message.expires_at > now())
$$;

-- What the icon shows: in how many chats that are not muted something of others is unread.
create or replace function private.unread_chats(p_user_id uuid) returns bigint
    language sql stable security definer set search_path = ''
as $$
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

-- Look at the chats that are due, p_limit at most, and note for each device what its person did not receive in time;
-- p_chat_id: at this one only, and whatever it holds up to p_seq is late enough. How many were looked at.
create or replace function private.check_pushes(
    p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint
) returns integer
    language plpgsql volatile security definer set search_path = ''
as $$
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

-- For whom a device is, and what they want of pushes of this chat; no row: for nobody any more. quiet_end is null outside
-- of quiet hours.
create or replace function private.push_reader(p_device uuid, p_chat_id uuid)
    returns table (
        user_id uuid, platform text, token text, endpoint_arn text, language text, group_name text, held_seq bigint,
        muted boolean, preview text, mentions_break_mute boolean, quiet_end timestamptz, quiet_mode text
    )
    language sql stable security definer set search_path = ''
as $$
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

-- Whether something after p_seq mentions somebody.
create or replace function private.is_mentioned(p_chat_id uuid, p_seq bigint, p_user_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (
        select from public.messages message
        where message.chat_id = p_chat_id and message.seq > p_seq and p_user_id = any (message.mentions)
          and private.is_news(message, p_user_id)
    )
$$;

-- How many messages after p_seq are news to somebody; 100 stands for all above it.
create or replace function private.count_news(p_chat_id uuid, p_seq bigint, p_user_id uuid) returns bigint
    language sql stable security definer set search_path = ''
as $$
    select count(*) from (
        select from public.messages message
        where message.chat_id = p_chat_id and message.seq > p_seq and private.is_news(message, p_user_id)
        limit 100
    ) counted
$$;

-- Take pushes that are due, for p_lease: who does not finish one by then has died. What need not be pushed any more is
-- settled here, and what quiet hours hold back is put off to their end; 500 are looked at, at most.
create or replace function private.take_pushes(p_limit integer, p_chat_id uuid, p_lease interval)
    returns table (
        device uuid, chat_id uuid, seq bigint, silent boolean, platform text, token text, endpoint_arn text,
        language text, preview text, group_name text, sender_name text, content text, message_type text,
        encrypted boolean, waiting bigint, badge bigint
    )
    language plpgsql volatile security definer set search_path = ''
as $$
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

-- They were sent. After a silent one the push itself still waits, until the quiet hours end.
create or replace function private.finish_pushes(
    p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval
) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.push_state held
    set pushed_seq = case when sent.silent then held.pushed_seq else greatest(held.pushed_seq, sent.seq) end,
        badged_seq = greatest(held.badged_seq, sent.seq),
        pushed_at  = now(),
        due_at     = case when sent.silent then now() else now() + p_collapse end,
        tries      = 0
    from unnest(p_devices, p_chat_ids, p_seqs, p_silent) as sent (device, chat_id, seq, silent)
    where held.device = sent.device and held.chat_id = sent.chat_id
$$;

-- They could not be sent: again after 2, 4, 8 … 300 seconds, not all of them at once.
create or replace function private.retry_pushes(p_devices uuid[], p_chat_ids uuid[]) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.push_state held
    set due_at = now() + least(300, 2 ^ least(held.tries, 10)) * (0.5 + random() / 2) * interval '1 second'
    from unnest(p_devices, p_chat_ids) as failed (device, chat_id)
    where held.device = failed.device and held.chat_id = failed.chat_id
$$;

revoke all on function private.register_endpoint(uuid, uuid, text, text, text), private.remove_endpoint(uuid),
    private.forget_endpoint(uuid, text), private.keep_endpoint_arn(uuid, text, text),
    private.set_notifications(text, boolean, time, time, text, text), private.quiet_until(time, time, text),
    private.is_news(public.messages, uuid), private.unread_chats(uuid), private.push_reader(uuid, uuid),
    private.is_mentioned(uuid, bigint, uuid), private.count_news(uuid, bigint, uuid),
    private.check_pushes(interval, interval, integer, uuid, bigint),
    private.take_pushes(integer, uuid, interval), private.retry_pushes(uuid[], uuid[]),
    private.finish_pushes(uuid[], uuid[], bigint[], boolean[], interval) from public, anon, authenticated;
grant execute on function private.register_endpoint(uuid, uuid, text, text, text), private.remove_endpoint(uuid),
    private.forget_endpoint(uuid, text), private.keep_endpoint_arn(uuid, text, text),
    private.set_notifications(text, boolean, time, time, text, text),
    private.check_pushes(interval, interval, integer, uuid, bigint),
    private.take_pushes(integer, uuid, interval), private.retry_pushes(uuid[], uuid[]),
    private.finish_pushes(uuid[], uuid[], bigint[], boolean[], interval) to cyphr_app;
