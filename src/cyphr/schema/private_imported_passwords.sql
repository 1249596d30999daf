-- Passwords that were set at Supabase and not yet at Cognito. Whoever checks one counts the try first, as for a PIN.

-- The hash of whoever signs in with this address; no row when there is none to check.
create or replace function private.read_imported_password(p_email text) returns table (user_id uuid, bcrypt text)
    language sql stable security definer set search_path = ''
as $$
    select held.user_id, held.bcrypt from public.imported_passwords held
    where held.email = lower(p_email) and held.bcrypt is not null
$$;

-- Called after a password was set in Cognito, whichever way: the one of Supabase counts no longer.
create or replace function private.forget_imported_password(p_user_id uuid) returns void
    language sql volatile security definer set search_path = ''
as $$
    insert into public.imported_passwords as held (user_id, forgotten_at) values (p_user_id, clock_timestamp())
    on conflict (user_id) do update set email = null, bcrypt = null, forgotten_at = excluded.forgotten_at
$$;

revoke all on function private.read_imported_password(text), private.forget_imported_password(uuid)
    from public, anon, authenticated;
grant execute on function private.read_imported_password(text), private.forget_imported_password(uuid) to cyphr_app;
