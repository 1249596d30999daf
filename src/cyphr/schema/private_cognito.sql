-- Accounts with a password, which Cognito keeps. What is asked about an address without an account costs the same.

-- Note that somebody is registering. False: the address has an account, or was sent five codes within ten minutes; then
-- no code is mailed, and the answer to who asked is the same.
create or replace function private.begin_cognito_sign_up(p_username uuid, p_email text, p_full_name text) returns boolean
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    delete from public.cognito_sign_ups old where old.created_at < now() - interval '1 day';
    if exists (select from public.account_emails taken where taken.email = p_email)
        or (select count(*) >= 5 from public.cognito_sign_ups recent
            where recent.email = p_email and recent.created_at > now() - interval '10 minutes')
    then
        return false;
    end if;
    insert into public.cognito_sign_ups (username, email, full_name) values (p_username, p_email, p_full_name);
    return true;
end
$$;

-- Whether Cognito may make this user: our API asked it to. Its app client is public, so anybody could.
create or replace function private.is_signing_up(p_username uuid, p_email text) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (select from public.cognito_sign_ups begun where begun.username = p_username and begun.email = p_email)
$$;

-- registered | email_taken | unknown. Called when Cognito has confirmed the address.
create or replace function private.finish_cognito_sign_up(p_username uuid, p_sub text, p_email_hash text) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    begun public.cognito_sign_ups;
begin
    delete from public.cognito_sign_ups known where known.username = p_username returning * into begun;
    if begun.username is null then
        return case when exists (select from public.account_emails known where known.user_id = p_username)
            then 'registered' else 'unknown' end;
    end if;
    insert into public.users (id, full_name, email_hash, auth_method)
    values (p_username, begun.full_name, p_email_hash, 'email');
    insert into public.account_emails (user_id, email) values (p_username, begun.email) on conflict do nothing;
    if not found then
        delete from public.users person where person.id = p_username;
        return 'email_taken';
    end if;
    perform private.link_password(p_username, p_sub, p_username::text);
    perform private.keep_password(p_username, begun.bcrypt);
    return 'registered';
end
$$;

-- A password was set in Cognito: it is a method of the account from now on, and the one of Supabase counts no longer.
create or replace function private.link_password(p_user_id uuid, p_sub text, p_username text) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    insert into public.cognito_accounts (user_id, cognito_sub, username) values (p_user_id, p_sub, p_username)
    on conflict (user_id) do update
    set cognito_sub = excluded.cognito_sub, username = excluded.username, password_reset_at = null;
    insert into public.sign_in_methods (user_id, method, subject) values (p_user_id, 'password', p_sub)
    on conflict (method, subject) do nothing;
    perform private.forget_imported_password(p_user_id);
end
$$;

create or replace function private.has_password(p_user_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (select from public.sign_in_methods known where known.user_id = p_user_id and known.method = 'password')
        or exists (select from public.imported_passwords held where held.user_id = p_user_id and held.bcrypt is not null)
$$;

-- The account of a Cognito user who has proved a password, or null: what the pool holds of one that was unlinked, reset by
-- an administrator, or never linked, counts for nothing.
create or replace function private.signs_in_with_password(p_sub text) returns uuid
    language plpgsql stable security definer set search_path = ''
as $$
declare
    person uuid := private.known_as('cognito', p_sub, null);
begin
    return case when private.has_password(person) and not exists (
        select from public.cognito_accounts linked
        where linked.user_id = person and linked.password_reset_at is not null
    ) then person end;
end
$$;

-- What Cognito calls whoever has this address, or null. Not left to Cognito's aliases: it makes them in its own time.
create or replace function private.pool_username(p_email text) returns text
    language sql stable security definer set search_path = ''
as $$
    select linked.username from public.cognito_accounts linked
    where linked.user_id = coalesce(
        (select known.user_id from public.account_emails known where known.email = p_email),
        (select held.user_id from public.imported_passwords held where held.email = p_email)
    )
$$;

-- Who may have a forgotten password set anew: an account that signs in with one. No row for any other address.
create or replace function private.password_account(p_email text) returns table (user_id uuid, username text)
    language sql stable security definer set search_path = ''
as $$
    select linked.user_id, linked.username
    from public.account_emails address
    join public.cognito_accounts linked on linked.user_id = address.user_id
    where address.email = p_email and private.has_password(linked.user_id)
    union
    select linked.user_id, linked.username
    from public.imported_passwords held
    join public.cognito_accounts linked on linked.user_id = held.user_id
    where held.email = p_email
$$;

-- What a user is to be called who is made while nobody is signed in.
create or replace function private.name_of(p_user_id uuid) returns text
    language sql stable security definer set search_path = ''
as $$
    select person.full_name from public.users person where person.id = p_user_id and person.suspended_at is null
$$;

-- Somebody is signed out everywhere, in this transaction: their tokens of Cognito count no longer, and Cognito is to be told.
-- p_enabled: whether they are to be able to sign in there; null: as it is.
create or replace function private.owe_pool(p_user_id uuid, p_enabled boolean) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.cognito_accounts
    set signed_out_at = clock_timestamp(), due_at = clock_timestamp(), due_enabled = coalesce(p_enabled, due_enabled)
    where user_id = p_user_id
$$;

-- What the pool has for a password counts no longer, nor what came from Supabase. Its owner has another set by mail.
create or replace function private.reset_password(p_user_id uuid) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    if private.has_password(p_user_id) then
        insert into public.sign_in_methods (user_id, method, subject)
        select linked.user_id, 'password', linked.cognito_sub from public.cognito_accounts linked
        where linked.user_id = p_user_id
        on conflict (method, subject) do nothing;
    end if;
    perform private.forget_imported_password(p_user_id);
    update public.cognito_accounts set password_reset_at = clock_timestamp() where user_id = p_user_id;
end
$$;

-- What Cognito is to be told, of one person or (null) of everybody, the oldest first.
create or replace function private.list_duties(p_user_id uuid, p_limit integer)
    returns table (user_id uuid, username text, due_at timestamptz, enabled boolean, password_reset boolean)
    language sql stable security definer set search_path = ''
as $$
    select owed.user_id, owed.username, owed.due_at, owed.due_enabled, owed.password_reset_at is not null
    from public.cognito_accounts owed
    where owed.due_at is not null and (p_user_id is null or owed.user_id = p_user_id)
    order by owed.due_at limit p_limit
$$;

-- Cognito was told what was due then. What became due meanwhile stays; and if that was settled meanwhile by another server,
-- which of the two told Cognito last is not known: then it is told again what holds now.
create or replace function private.settle_duty(p_user_id uuid, p_due_at timestamptz, p_enabled boolean) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    update public.cognito_accounts set due_at = null, due_enabled = null where user_id = p_user_id and due_at = p_due_at;
    if not found and p_enabled is not null then
        update public.cognito_accounts linked
        set due_at = clock_timestamp(),
            due_enabled = not exists (
                select from public.users person where person.id = p_user_id and person.suspended_at is not null
            )
        where linked.user_id = p_user_id;
    end if;
end
$$;

-- As servers of before call it: the acting user signs out everywhere; what they are called in Cognito, or null.
create or replace function private.note_cognito_sign_out() returns text
    language sql volatile security definer set search_path = ''
as $$
    select private.owe_pool((select auth.uid()), null);
    select username from public.cognito_accounts where user_id = (select auth.uid())
$$;

revoke all on function private.begin_cognito_sign_up(uuid, text, text), private.is_signing_up(uuid, text),
    private.finish_cognito_sign_up(uuid, text, text), private.link_password(uuid, text, text),
    private.password_account(text), private.has_password(uuid), private.pool_username(text),
    private.note_cognito_sign_out(), private.name_of(uuid), private.signs_in_with_password(text),
    private.owe_pool(uuid, boolean), private.reset_password(uuid), private.list_duties(uuid, integer),
    private.settle_duty(uuid, timestamptz, boolean) from public, anon, authenticated;
grant execute on function private.begin_cognito_sign_up(uuid, text, text), private.is_signing_up(uuid, text),
    private.finish_cognito_sign_up(uuid, text, text), private.link_password(uuid, text, text),
    private.password_account(text), private.pool_username(text), private.note_cognito_sign_out(),
    private.name_of(uuid), private.signs_in_with_password(text), private.owe_pool(uuid, boolean),
    private.list_duties(uuid, integer), private.settle_duty(uuid, timestamptz, boolean) to cyphr_app;
