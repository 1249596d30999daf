-- Hashes of the passwords that Cognito has, for the way back to Supabase Auth. None is kept once that is closed.

create or replace function private.way_back_is_open() returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (select from public.ways_back way where way.service = 'auth')
$$;

-- Whether a password that is proven now is to be kept, and the hash that is kept of whoever has this address: one row always.
create or replace function private.read_kept_password(p_email text) returns table (is_open boolean, bcrypt text)
    language sql stable security definer set search_path = ''
as $$
    select exists (select from public.ways_back way where way.service = 'auth'),
        (select kept.bcrypt from public.account_emails known
         join public.returning_passwords kept on kept.user_id = known.user_id
         where known.email = p_email and kept.bcrypt <> '')
$$;

-- Cognito has this password now; an empty one: none any more.
create or replace function private.keep_password(p_user_id uuid, p_bcrypt text) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    -- Whoever closes the way back deletes this row first, and then every hash: none is written after that.
    perform from public.ways_back way where way.service = 'auth' for key share;
    if not found or p_bcrypt is null then
        return;
    end if;
    insert into public.returning_passwords as kept (user_id, bcrypt, digest)
    values (p_user_id, p_bcrypt,
            case when p_bcrypt = '' then '' else encode(sha256(convert_to(p_bcrypt, 'UTF8')), 'hex') end)
    on conflict (user_id) do update
    set bcrypt = excluded.bcrypt, digest = excluded.digest, kept_at = clock_timestamp(), carried_at = null;
    -- Beside it stands what is known of the password at Supabase.
    insert into public.imported_passwords (user_id, forgotten_at) values (p_user_id, clock_timestamp())
    on conflict (user_id) do nothing;
end
$$;

-- The password that Supabase Auth has is set in Cognito: nothing is to be carried, until it is another.
create or replace function private.keep_imported_password(p_user_id uuid) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform private.keep_password(held.user_id, held.bcrypt) from public.imported_passwords held
    where held.user_id = p_user_id and held.bcrypt is not null;
    if found then
        update public.returning_passwords kept set carried_at = kept.kept_at where kept.user_id = p_user_id;
    end if;
end
$$;

-- Of whoever is registering; the account gets it when the mailed code is typed.
create or replace function private.keep_sign_up_password(p_username uuid, p_bcrypt text) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.cognito_sign_ups begun set bcrypt = p_bcrypt where begun.username = p_username
$$;

revoke all on function private.way_back_is_open(), private.read_kept_password(text), private.keep_password(uuid, text),
    private.keep_imported_password(uuid), private.keep_sign_up_password(uuid, text) from public, anon, authenticated;
grant execute on function private.way_back_is_open(), private.read_kept_password(text), private.keep_password(uuid, text),
    private.keep_imported_password(uuid), private.keep_sign_up_password(uuid, text) to cyphr_app;
