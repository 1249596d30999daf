-- Finding somebody by an exact @cyphr_id, without being able to list people; and what is shown of them.

-- The picture of somebody, as far as the acting user is shown it.
create or replace function private.shown_picture(p_user_id uuid, p_url text) returns text
    language sql stable security definer set search_path = ''
as $$
    select case when p_user_id = (select auth.uid()) or not exists (
        select from public.privacy_settings hidden
        where hidden.user_id = p_user_id
          and (hidden.picture = 'nobody' or (hidden.picture = 'contacts' and not private.shares_chat_with(p_user_id)))
    ) then p_url end
$$;

create or replace function private.find_person(p_cyphr_id text)
    returns table (id uuid, full_name text, cyphr_id text, avatar_url text)
    language sql stable security definer set search_path = ''
as $$
    select person.id, person.full_name, person.cyphr_id, private.shown_picture(person.id, person.avatar_url)
    from public.users person
    where person.cyphr_id = p_cyphr_id and (select auth.uid()) is not null
$$;

revoke all on function private.find_person(text), private.shown_picture(uuid, text) from public, anon, authenticated;
grant execute on function private.find_person(text), private.shown_picture(uuid, text) to cyphr_app;
