-- Finding somebody by an exact @cyphr_id, without being able to list people.

create or replace function private.find_person(p_cyphr_id text)
    returns table (id uuid, full_name text, cyphr_id text, avatar_url text)
    language sql stable security definer set search_path = ''
as $$
    select person.id, person.full_name, person.cyphr_id, person.avatar_url
    from public.users person
    where person.cyphr_id = p_cyphr_id and (select auth.uid()) is not null
$$;

revoke all on function private.find_person(text) from public, anon, authenticated;
grant execute on function private.find_person(text) to cyphr_app;
