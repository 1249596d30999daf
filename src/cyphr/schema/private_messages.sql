-- Messages as people see them, and the two writes that happen all the time: storing messages and moving watermarks, each
-- one round-trip.

-- Every message that the acting user may know of. One that is deleted, has expired or was hidden stays as an empty place,
-- so that nobody takes it for a gap. It asks about membership itself and passes over row-level security, which would ask
-- again for every row.
drop view if exists private.shown_messages;
create view private.shown_messages as
select message.id, message.chat_id, message.sender_id, message.client_id, message.seq,
       case when shown.whole then message.content end as content,
       coalesce(message.message_type, 'text') as message_type,
       case when shown.whole then message.reply_to_id end as reply_to_id,
       coalesce(message.created_at, to_timestamp(0)) as created_at,
       case when shown.whole then message.edited_at end as edited_at,
       coalesce(message.deleted_at, case when message.expires_at <= now() then message.expires_at end) as deleted_at,
       message.changed,
       case when shown.whole and message.forwarded_from is not null then
           jsonb_build_object('sender_name', nullif(message.forwarded_from, ''))
       end as forwarded,
       case when shown.whole then coalesce(message.mentions, '{}') else '{}' end as mentions,
       case when shown.whole then coalesce(message.formatting, '[]') else '[]' end as formatting,
       case when shown.whole and message.changed is not null then
           (select coalesce(jsonb_agg(jsonb_build_object(
                                'emoji', kind.emoji, 'count', kind.count, 'user_ids', kind.user_ids[1:5])
                            order by kind.first_at, kind.emoji), '[]')
            from (select reaction.emoji, count(*) as count, min(reaction.created_at) as first_at,
                         -- One's own comes first: whether one reacted is seen however many did.
                         array_agg(reaction.user_id order by reaction.user_id = me.user_id desc, reaction.created_at,
                                   reaction.user_id) as user_ids
                  from public.message_reactions reaction
                  where reaction.message_id = message.id
                  group by reaction.emoji) kind)
       else '[]' end as reactions,
       message.expires_at,
       hidden.message_id is not null as hidden
from public.messages message
join public.chat_participants me
    on me.chat_id = message.chat_id and me.user_id = (select auth.uid()) and me.left_at is null
       and message.seq > me.visible_from_seq
left join public.hidden_messages hidden on hidden.user_id = me.user_id and hidden.message_id = message.id
cross join lateral (
    select message.deleted_at is null and (message.expires_at is null or message.expires_at > now())
           and hidden.message_id is null as whole
) shown;
revoke all on private.shown_messages from public;
grant select on private.shown_messages to cyphr_app;

-- Several people's messages of several chats in one transaction: the locks and the commit are paid once. Each sender is
-- judged by their own membership, after the chat's lock, as if the messages came one by one. A place without a row: no such
-- chat for its sender. A row without message_id: refusal says what is wrong with it. A repeat of the client's id gives the
-- first acknowledgement and uses up no number. member_ids stands in the first row of each chat only.
create or replace function private.store_messages(
    p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[],
    p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]
) returns table (
    place integer, message_id uuid, chat_id uuid, seq bigint, created_at timestamptz, expires_at timestamptz,
    repeated boolean, refusal text, member_ids uuid[]
)
    language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
    locked  uuid[];
    sent_at timestamptz;
begin
    perform private.require_authority();
    -- A stranger must not be able to hold up a chat: only chats of their senders are locked. In one order, so that two
    -- batches never wait for each other in a circle. Limits here and below make each question one look into an index,
    -- whatever the planner thinks of the table: it would as soon read all members of a chat for each of the given.
    select coalesce(array_agg(held.id), '{}') into locked
    from (
        select chat.id from public.chats chat
        where chat.id = any (array(
            select given.chat_id
            from unnest(p_chat_ids, p_sender_ids) as given (chat_id, sender_id)
            cross join lateral (
                select from public.chat_participants member
                where member.chat_id = given.chat_id and member.user_id = given.sender_id and member.left_at is null
                limit 1) mine))
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
                    -- Asked here as well as there: for most people nothing else has to be, and a call is dear.
                    when not (chat.type = 'group' and chat.who_may_send = 'member'
                              or chat.type is distinct from 'group'
                                 and (select block.blocker_id from public.user_blocks block
                                      where block.blocker_id = given.sender_id limit 1) is null
                                 and (select block.blocked_id from public.user_blocks block
                                      where block.blocked_id = given.sender_id limit 1) is null
                              or private.may_send(given.chat_id, given.sender_id)) then 'send'
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
        left join lateral (
            select message.id, message.chat_id, message.seq, message.created_at, message.expires_at
            from public.messages message
            where message.sender_id = given.sender_id and message.client_id = given.client_id limit 1) known on true
        left join lateral (
            select participant.visible_from_seq from public.chat_participants participant
            where participant.chat_id = given.chat_id and participant.user_id = given.sender_id
              and participant.left_at is null limit 1) member on true
        left join lateral (
            select one.last_seq, one.disappear_after, one.type, one.who_may_send from public.chats one where one.id = given.chat_id limit 1
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
               (select array_agg(member.user_id order by member.user_id) from public.chat_participants member
                where member.chat_id = one.chat_id and member.left_at is null)
           end
    from outcome one order by one.place;
end
$$;

-- Watermarks of several people only rise, never past the chat's end, and what was read was received. One row for each that
-- moved. told_ids: who hears of it. In a chat of few, all members; they stand in the first row of the chat only. In a larger
-- one, those whose messages it is about (of the last 256), or each message would be followed by as many events as the
-- square of its members. The old server's last_read_message_id follows.
drop function if exists private.advance_watermarks(uuid[], uuid[], bigint[], bigint[]);
create function private.advance_watermarks(
    p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]
) returns table (user_id uuid, chat_id uuid, received_seq bigint, read_seq bigint, told_ids uuid[])
    language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan
as $$
begin
    perform private.require_authority();
    return query
        with wanted as materialized (
            select member.id, member.received_seq as received_before, member.read_seq as read_before,
                   greatest(member.received_seq, least(greatest(given.received, given.read), chat.last_seq)) as received,
                   greatest(member.read_seq, least(given.read, chat.last_seq)) as read
            from unnest(p_user_ids, p_chat_ids, p_received, p_read) as given (user_id, chat_id, received, read)
            cross join lateral (
                select one.id from public.chat_participants one
                where one.chat_id = given.chat_id and one.user_id = given.user_id limit 1) mine
            join public.chats chat on chat.id = given.chat_id
            join public.chat_participants member on member.id = mine.id and member.left_at is null
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
            returning member.user_id, member.chat_id, member.received_seq, member.read_seq,
                      case when member.read_seq > wanted.read_before then wanted.read_before
                           else wanted.received_before end as before
        ), members as materialized (
            select other.chat_id, array_agg(other.user_id) as ids from public.chat_participants other
            where other.chat_id in (select one.chat_id from moved one) and other.left_at is null
            group by other.chat_id
        ), authors as (
            -- Once for all who went the same way: in a large chat everybody does.
            select way.chat_id, way.before, way.received_seq,
                   (select coalesce(array_agg(distinct message.sender_id), '{}') from public.messages message
                    where message.chat_id = way.chat_id and message.seq <= way.received_seq
                      and message.seq > greatest(way.before, way.received_seq - 256)) as ids
            from (select distinct moved.chat_id, moved.before, moved.received_seq
                  from moved join members on members.chat_id = moved.chat_id
                  where cardinality(members.ids) > 32) way
        )
        select moved.user_id, moved.chat_id, moved.received_seq, moved.read_seq,
               case when authors.ids is not null then authors.ids || moved.user_id
                    else members.ids
               end
        from (select moved.*, row_number() over (partition by moved.chat_id) = 1 as is_first from moved) moved
        left join members on members.chat_id = moved.chat_id and moved.is_first
        left join authors on authors.chat_id = moved.chat_id and authors.before = moved.before
                             and authors.received_seq = moved.received_seq;
end
$$;

revoke all on function
    private.store_messages(uuid[], uuid[], uuid[], uuid[], text[], uuid[], text[], jsonb[], text[]),
    private.advance_watermarks(uuid[], uuid[], bigint[], bigint[]) from public, anon, authenticated;
grant execute on function
    private.store_messages(uuid[], uuid[], uuid[], uuid[], text[], uuid[], text[], jsonb[], text[]),
    private.advance_watermarks(uuid[], uuid[], bigint[], bigint[]) to cyphr_app;
