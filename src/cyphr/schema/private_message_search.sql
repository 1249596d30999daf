-- Finding words in one's own chats. The index knows the chat of each message as one more word of it, so the search reads
-- nothing of other people's chats. The expression and the condition are those of the index messages_words.

-- Newest first, before a place in that order. snippet: what was found, between the characters 2 and 3.
create or replace function private.find_messages(
    p_words text, p_chat_id uuid, p_before timestamptz, p_before_id uuid, p_limit integer
) returns table (message_id uuid, created_at timestamptz, snippet text)
    language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_custom_plan
as $$
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

revoke all on function private.find_messages(text, uuid, timestamptz, uuid, integer) from public, anon, authenticated;
grant execute on function private.find_messages(text, uuid, timestamptz, uuid, integer) to cyphr_app;
