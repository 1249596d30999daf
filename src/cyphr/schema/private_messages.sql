-- Storing a message and moving watermarks: the two writes that happen all the time, each one round-trip.

-- No row: the chat does not exist or the acting user is no member. A row without message_id: they may not send here (seq
-- is 0), or p_reply_to_id is no message of this chat (seq is null). A repeat of the client's id gives the first
-- acknowledgement and uses up no number.
create or replace function private.store_message(
    p_chat_id uuid, p_client_id uuid, p_message_id uuid, p_content text, p_reply_to_id uuid
) returns table (message_id uuid, chat_id uuid, seq bigint, created_at timestamptz, repeated boolean, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
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
        if not private.may_send(p_chat_id, me) then
            return query select null::uuid, p_chat_id, 0::bigint, null::timestamptz, false, null::uuid[];
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

-- Several people's messages of one chat in one transaction, in this order: the chat's lock and the commit are paid once.
-- Each sender is the acting user while theirs is stored, so that every rule holds as if they came one by one.
create or replace function private.store_messages(
    p_chat_id uuid, p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[],
    p_reply_to_ids uuid[]
) returns table (
    place integer, message_id uuid, chat_id uuid, seq bigint, created_at timestamptz, repeated boolean,
    member_ids uuid[]
)
    language plpgsql volatile security definer set search_path = ''
as $$
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

-- Watermarks only rise, never past the chat's end, and what was read was received. One row for each chat of the acting
-- user that moved. The old server's last_read_message_id follows.
create or replace function private.advance_watermarks(p_chat_ids uuid[], p_received bigint[], p_read bigint[])
    returns table (chat_id uuid, received_seq bigint, read_seq bigint, member_ids uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
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

revoke all on function private.store_message(uuid, uuid, uuid, text, uuid),
    private.store_messages(uuid, uuid[], uuid[], uuid[], text[], uuid[]),
    private.advance_watermarks(uuid[], bigint[], bigint[]) from public, anon, authenticated;
grant execute on function private.store_message(uuid, uuid, uuid, text, uuid),
    private.store_messages(uuid, uuid[], uuid[], uuid[], text[], uuid[]),
    private.advance_watermarks(uuid[], bigint[], bigint[]) to cyphr_app;
