-- Presence and privacy: what others may know of a person. Who hides something does not see it of others either.

create or replace function private.set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean) returns void
    language sql volatile security definer set search_path = ''
as $$
    insert into public.privacy_settings (user_id, last_seen, picture, read_receipts)
    values (auth.uid(), p_last_seen, p_picture, p_read_receipts)
    on conflict (user_id) do update
    set last_seen = excluded.last_seen, picture = excluded.picture, read_receipts = excluded.read_receipts,
        updated_at = now()
$$;

-- The other members of a chat of the acting user's who show when they are here: the first p_limit by their time of
-- joining. Whoever shares a chat is a contact, so that only 'nobody' hides here.
create or replace function private.read_presence(p_chat_id uuid, p_limit integer)
    returns table (user_id uuid, last_seen timestamptz)
    language sql stable security definer set search_path = ''
as $$
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

-- Who came and who went, and when. The columns are the old server's, too.
create or replace function private.record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamptz[])
    returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.users person
    set is_online = seen.online, last_seen = greatest(person.last_seen, seen.seen_at)
    from unnest(p_user_ids, p_online, p_seen_at) as seen (user_id, online, seen_at)
    where person.id = seen.user_id
$$;

-- The members of a chat who are not shown what p_reader has read: all others when it is the reader who hides it, else those
-- who hide it themselves. Null: there are none. plpgsql, because it is asked for every receipt: its plan is kept.
create or replace function private.blind_to_reading(p_reader uuid, p_chat_id uuid) returns uuid[]
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return (
        select array_agg(member.user_id)
        from public.chat_participants member
        where member.chat_id = p_chat_id and member.left_at is null and member.user_id <> p_reader
          and exists (select from public.privacy_settings hidden
                      where not hidden.read_receipts and hidden.user_id in (member.user_id, p_reader)));
end
$$;

-- How far somebody has read, as far as the acting user is shown it: 0 when not.
create or replace function private.shown_read_seq(p_user_id uuid, p_read_seq bigint) returns bigint
    language sql stable security definer set search_path = ''
as $$
    select case when p_user_id = (select auth.uid()) or not exists (
        select from public.privacy_settings hidden
        where not hidden.read_receipts and hidden.user_id in (p_user_id, (select auth.uid()))
    ) then p_read_seq else 0 end
$$;

revoke all on function private.set_privacy(text, text, boolean), private.read_presence(uuid, integer),
    private.record_presence(uuid[], boolean[], timestamptz[]), private.blind_to_reading(uuid, uuid),
    private.shown_read_seq(uuid, bigint) from public, anon, authenticated;
grant execute on function private.set_privacy(text, text, boolean), private.read_presence(uuid, integer),
    private.record_presence(uuid[], boolean[], timestamptz[]), private.blind_to_reading(uuid, uuid),
    private.shown_read_seq(uuid, bigint) to cyphr_app;
