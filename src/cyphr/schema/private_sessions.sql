-- Sign-in and sessions. What an address without an account costs and answers is what one with an account does.

-- Reserve one try before the PIN is checked, so that guesses sent at the same time are counted too. The fifth locks the
-- address for 15 minutes; a right PIN then clears the count. pin_hash is null for an address without an account.
create or replace function private.begin_sign_in(p_email text, p_email_hash text)
    returns table (allowed boolean, retry_after integer, user_id uuid, pin_hash text)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    attempt public.sign_in_attempts;
begin
    insert into public.sign_in_attempts (email_hash) values (p_email_hash) on conflict do nothing;
    select * into attempt from public.sign_in_attempts tries where tries.email_hash = p_email_hash for update;
    if attempt.locked_until > now() then
        return query select false, ceil(extract(epoch from attempt.locked_until - now()))::integer, null::uuid, null::text;
        return;
    end if;
    if attempt.locked_until is not null then
        attempt.failed := 0;
    end if;
    update public.sign_in_attempts tries
    set failed       = attempt.failed + 1,
        locked_until = case when attempt.failed + 1 >= 5 then now() + interval '15 minutes' end,
        updated_at   = now()
    where tries.email_hash = p_email_hash;
    return query
        select true, 0, person.id, person.pin_hash::text
        from (select) one
        left join public.account_emails address on address.email = p_email
        left join public.users person on person.id = address.user_id;
end
$$;

create or replace function private.forgive_sign_in(p_email_hash text) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.sign_in_attempts set failed = 0, locked_until = null, updated_at = now()
    where email_hash = p_email_hash
$$;

-- Replaced by admit_session: a server that does not ask for second factors must not let anybody in past them.
drop function if exists private.open_session(uuid, uuid, text, bytea, timestamptz);

-- Which kinds of second factor a person can prove. Empty: none is asked of them.
create or replace function private.factors_of(p_user_id uuid) returns text[]
    language sql stable security definer set search_path = ''
as $$
    select coalesce(array_agg(kind order by kind), '{}') from (
        select distinct factor.kind from public.mfa_factors factor
        where factor.user_id = p_user_id and factor.confirmed_at is not null
        union all
        select 'recovery' where exists (
            select from public.recovery_codes code where code.user_id = p_user_id and code.used_at is null
        ) and exists (
            select from public.mfa_factors factor
            where factor.user_id = p_user_id and factor.confirmed_at is not null
        )
    ) kinds
$$;

-- Open a session for a person who has proved all that is asked of them. stranger: they were here before, and never with
-- this device; e-mail: where they are told so.
create or replace function private.open_session(
    p_user_id uuid, p_method text, p_factors text[], p_session_id uuid, p_token_hash bytea, p_expires_at timestamptz,
    p_device text, p_device_id uuid, p_address inet, p_user_agent text
) returns table (id uuid, full_name text, cyphr_id text, avatar_url text, stranger boolean, email text)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    returning_person boolean := exists (select from public.sessions earlier where earlier.user_id = p_user_id);
    known            boolean := false;
begin
    if p_device_id is not null then
        insert into public.known_devices as held (user_id, device_id) values (p_user_id, p_device_id)
        on conflict (user_id, device_id) do update set last_seen = now()
        returning held.first_seen < now() into known;
    end if;
    insert into public.sessions (
        id, user_id, device, expires_at, method, factors, device_id, address, user_agent, proved_at
    ) values (
        p_session_id, p_user_id, p_device, p_expires_at, p_method, p_factors, p_device_id, p_address,
        left(p_user_agent, 400), now()
    );
    insert into public.refresh_tokens (token_hash, session_id) values (p_token_hash, p_session_id);
    return query
        select person.id, person.full_name::text, person.cyphr_id::text, person.avatar_url,
               returning_person and not known, address.email
        from public.users person
        left join public.account_emails address on address.user_id = person.id
        where person.id = p_user_id;
end
$$;

-- What follows a right first factor: opened | challenged | suspended. A passkey was two factors: having it, and the
-- finger or the code that unlocks it.
create or replace function private.admit_session(
    p_user_id uuid, p_method text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamptz, p_device text,
    p_device_id uuid, p_address inet, p_user_agent text, p_challenge_hash bytea, p_nonce bytea
) returns table (
    outcome text, factors text[], id uuid, full_name text, cyphr_id text, avatar_url text, stranger boolean, email text
)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    asked text[];
begin
    if not exists (select from public.users person where person.id = p_user_id and person.suspended_at is null) then
        return query select 'suspended', null::text[], p_user_id, null::text, null::text, null::text, false, null::text;
        return;
    end if;
    asked := case when p_method = 'passkey' then '{}' else private.factors_of(p_user_id) end;
    if asked = '{}' then
        return query
            select 'opened', asked, opened.*
            from private.open_session(
                p_user_id, p_method, '{}', p_session_id, p_token_hash, p_expires_at, p_device, p_device_id, p_address,
                p_user_agent
            ) opened;
        return;
    end if;
    delete from public.sign_in_challenges old where old.expires_at < now();
    insert into public.sign_in_challenges (token_hash, purpose, user_id, nonce, expires_at, method, device, device_id)
    values (p_challenge_hash, 'sign_in', p_user_id, p_nonce, now() + interval '5 minutes', p_method, p_device,
            p_device_id);
    return query select 'challenged', asked, p_user_id, null::text, null::text, null::text, false, null::text;
end
$$;

-- rotated | unknown | reused. A token that was used before has been copied: its whole family is revoked.
create or replace function private.rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamptz)
    returns table (outcome text, session_id uuid, id uuid, full_name text, cyphr_id text, avatar_url text)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    token  public.refresh_tokens;
    family public.sessions;
begin
    select * into token from public.refresh_tokens known where known.token_hash = p_old_hash for update;
    select * into family from public.sessions known where known.id = token.session_id for update;
    if family.id is null or family.revoked_at is not null or family.expires_at < now()
        or exists (select from public.users person where person.id = family.user_id and person.suspended_at is not null)
    then
        return query select 'unknown', family.id, null::uuid, null::text, null::text, null::text;
        return;
    end if;
    if token.used_at is not null then
        update public.sessions known set revoked_at = now() where known.id = family.id;
        return query select 'reused', family.id, family.user_id, null::text, null::text, null::text;
        return;
    end if;
    update public.refresh_tokens known set used_at = now() where known.token_hash = p_old_hash;
    insert into public.refresh_tokens (token_hash, session_id) values (p_new_hash, family.id);
    update public.sessions known set last_used_at = now(), expires_at = p_expires_at where known.id = family.id;
    return query
        select 'rotated', family.id, person.id, person.full_name::text, person.cyphr_id::text, person.avatar_url
        from public.users person where person.id = family.user_id;
end
$$;

create or replace function private.session_is_live(p_session_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (
        select from public.sessions session
        join public.users person on person.id = session.user_id
        where session.id = p_session_id and session.revoked_at is null and session.expires_at > now()
          and person.suspended_at is null
    )
$$;

-- Whether the session proved who it is within the last five minutes.
create or replace function private.session_is_proved(p_session_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select exists (
        select from public.sessions where id = p_session_id and proved_at > now() - interval '5 minutes'
    )
$$;

-- Revoke one session of the acting user, or (kept) all except that one. The ids that were revoked.
create or replace function private.revoke_sessions(p_only uuid, p_kept uuid) returns setof uuid
    language sql volatile security definer set search_path = ''
as $$
    update public.sessions set revoked_at = now()
    where user_id = (select auth.uid()) and revoked_at is null
      and (p_only is null or id = p_only) and (p_kept is null or id <> p_kept)
    returning id
$$;

revoke all on function private.begin_sign_in(text, text), private.forgive_sign_in(text),
    private.factors_of(uuid),
    private.open_session(uuid, text, text[], uuid, bytea, timestamptz, text, uuid, inet, text),
    private.admit_session(uuid, text, uuid, bytea, timestamptz, text, uuid, inet, text, bytea, bytea),
    private.rotate_session(bytea, bytea, timestamptz), private.session_is_live(uuid), private.session_is_proved(uuid),
    private.revoke_sessions(uuid, uuid) from public, anon, authenticated;
grant execute on function private.begin_sign_in(text, text), private.forgive_sign_in(text),
    private.factors_of(uuid),
    private.open_session(uuid, text, text[], uuid, bytea, timestamptz, text, uuid, inet, text),
    private.admit_session(uuid, text, uuid, bytea, timestamptz, text, uuid, inet, text, bytea, bytea),
    private.rotate_session(bytea, bytea, timestamptz), private.session_is_live(uuid), private.session_is_proved(uuid),
    private.revoke_sessions(uuid, uuid) to cyphr_app;
