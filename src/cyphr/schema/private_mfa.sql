-- Second factors: what a person sets up, and what they prove with it. Whoever calls has checked the proof itself; here it is
-- seen to that each counts once, and that wrong ones are counted before they are checked.

-- A factor of the acting user. False: they have ten already, or the passkey is registered.
create or replace function private.add_factor(
    p_id uuid, p_kind text, p_name text, p_secret bytea, p_credential_id bytea, p_public_key bytea, p_counter bigint
) returns boolean
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    person uuid := (select auth.uid());
begin
    -- One after another, so that ten stay ten.
    perform from public.users where id = person for no key update;
    delete from public.mfa_factors where user_id = person and confirmed_at is null and kind = p_kind;
    if (select count(*) from public.mfa_factors where user_id = person) >= 10 then
        return false;
    end if;
    insert into public.mfa_factors (
        id, user_id, kind, name, secret, credential_id, public_key, last_counter, confirmed_at
    ) values (
        p_id, person, p_kind, p_name, p_secret, p_credential_id, p_public_key, p_counter,
        case when p_kind = 'passkey' then now() end
    ) on conflict do nothing;
    return found;
end
$$;

-- The secret of an authenticator that the acting user began to set up within the hour.
create or replace function private.read_unconfirmed(p_id uuid) returns bytea
    language sql stable security definer set search_path = ''
as $$
    select secret from public.mfa_factors
    where id = p_id and user_id = (select auth.uid()) and confirmed_at is null
      and created_at > now() - interval '1 hour'
$$;

create or replace function private.confirm_factor(p_id uuid, p_counter bigint) returns boolean
    language sql volatile security definer set search_path = ''
as $$
    update public.mfa_factors set confirmed_at = now(), last_counter = p_counter
    where id = p_id and user_id = (select auth.uid()) and confirmed_at is null
    returning true
$$;

create or replace function private.list_factors()
    returns table (id uuid, kind text, name text, created_at timestamptz, last_used_at timestamptz)
    language sql stable security definer set search_path = ''
as $$
    select id, kind, name, created_at, last_used_at from public.mfa_factors
    where user_id = (select auth.uid()) and confirmed_at is not null
    order by created_at, id
$$;

-- What is left when one was taken away; no row when it was not theirs. The codes that stand in for factors go with the last.
create or replace function private.remove_factor(p_id uuid) returns table (kind text, name text, remaining integer)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    person  uuid := (select auth.uid());
    removed public.mfa_factors;
    others  integer;
begin
    perform from public.users where id = person for no key update;
    delete from public.mfa_factors factor where factor.id = p_id and factor.user_id = person
    returning * into removed;
    if removed.id is null then
        return;
    end if;
    select count(*) into others from public.mfa_factors factor
    where factor.user_id = person and factor.confirmed_at is not null;
    if others = 0 then
        delete from public.recovery_codes code where code.user_id = person;
    end if;
    return query select removed.kind, removed.name, others;
end
$$;

-- New codes; none of the earlier counts any more.
create or replace function private.replace_recovery_codes(p_hashes bytea[]) returns void
    language sql volatile security definer set search_path = ''
as $$
    delete from public.recovery_codes where user_id = (select auth.uid());
    insert into public.recovery_codes (user_id, code_hash) select (select auth.uid()), unnest(p_hashes);
$$;

create or replace function private.count_recovery_codes() returns integer
    language sql stable security definer set search_path = ''
as $$
    select count(*)::integer from public.recovery_codes where user_id = (select auth.uid()) and used_at is null
$$;

-- Something to be answered within five minutes. p_user_id is null when a passkey is to say who it is.
create or replace function private.begin_challenge(
    p_token_hash bytea, p_purpose text, p_user_id uuid, p_session_id uuid, p_nonce bytea, p_device_id uuid
) returns void
    language sql volatile security definer set search_path = ''
as $$
    delete from public.sign_in_challenges where expires_at < now();
    insert into public.sign_in_challenges (token_hash, purpose, user_id, session_id, nonce, device_id, expires_at)
    values (p_token_hash, p_purpose, p_user_id, p_session_id, p_nonce, p_device_id, now() + interval '5 minutes');
$$;

-- No row: it does not exist, is over, or was begun by another session or device.
create or replace function private.read_challenge(
    p_token_hash bytea, p_purpose text, p_session_id uuid, p_device_id uuid
) returns table (user_id uuid, nonce bytea)
    language sql stable security definer set search_path = ''
as $$
    select user_id, nonce from public.sign_in_challenges
    where token_hash = p_token_hash and purpose = p_purpose and expires_at > now()
      and session_id is not distinct from p_session_id and device_id is not distinct from p_device_id
$$;

-- Whoever takes it has it alone: of several at once one gets true.
create or replace function private.take_challenge(p_token_hash bytea, p_purpose text) returns boolean
    language sql volatile security definer set search_path = ''
as $$
    delete from public.sign_in_challenges
    where token_hash = p_token_hash and purpose = p_purpose and expires_at > now()
    returning true
$$;

-- What a person can prove with, secrets included.
create or replace function private.read_factors(p_user_id uuid) returns table (
    id uuid, user_id uuid, kind text, secret bytea, credential_id bytea, public_key bytea, last_counter bigint
)
    language sql stable security definer set search_path = ''
as $$
    select id, user_id, kind, secret, credential_id, public_key, last_counter from public.mfa_factors
    where user_id = p_user_id and confirmed_at is not null
    order by created_at, id
$$;

-- Whose passkey this is.
create or replace function private.find_passkey(p_credential_id bytea) returns table (
    id uuid, user_id uuid, kind text, secret bytea, credential_id bytea, public_key bytea, last_counter bigint
)
    language sql stable security definer set search_path = ''
as $$
    select id, user_id, kind, secret, credential_id, public_key, last_counter from public.mfa_factors
    where credential_id = p_credential_id and confirmed_at is not null
$$;

-- Reserve a try before a code is checked, so that guesses sent at the same time are counted too. The fifth locks a person's
-- codes for 15 minutes; a right one clears the count. Passkeys cannot be guessed and are not counted. last: the fifth.
drop function if exists private.begin_factor_try(uuid);
create function private.begin_factor_try(p_user_id uuid)
    returns table (allowed boolean, retry_after integer, last boolean)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    attempt public.mfa_attempts;
begin
    insert into public.mfa_attempts (user_id) values (p_user_id) on conflict do nothing;
    select * into attempt from public.mfa_attempts tries where tries.user_id = p_user_id for update;
    if attempt.locked_until > now() then
        return query select false, ceil(extract(epoch from attempt.locked_until - now()))::integer, false;
        return;
    end if;
    if attempt.locked_until is not null then
        attempt.failed := 0;
    end if;
    update public.mfa_attempts tries
    set failed       = attempt.failed + 1,
        locked_until = case when attempt.failed + 1 >= 5 then now() + interval '15 minutes' end,
        updated_at   = now()
    where tries.user_id = p_user_id;
    return query select true, 0, attempt.failed + 1 >= 5;
end
$$;

create or replace function private.forgive_factor_tries(p_user_id uuid) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.mfa_attempts set failed = 0, locked_until = null, updated_at = now() where user_id = p_user_id
$$;

-- A code's time step, or a passkey's own count, counts once and only upwards. A passkey that does not count says 0 always.
create or replace function private.take_counter(p_id uuid, p_counter bigint) returns boolean
    language sql volatile security definer set search_path = ''
as $$
    update public.mfa_factors set last_counter = p_counter, last_used_at = now()
    where id = p_id and confirmed_at is not null
      and (last_counter < p_counter or (kind = 'passkey' and last_counter = 0 and p_counter = 0))
    returning true
$$;

create or replace function private.take_recovery_code(p_user_id uuid, p_code_hash bytea) returns boolean
    language sql volatile security definer set search_path = ''
as $$
    update public.recovery_codes set used_at = now()
    where user_id = p_user_id and code_hash = p_code_hash and used_at is null
    returning true
$$;

revoke all on function private.add_factor(uuid, text, text, bytea, bytea, bytea, bigint),
    private.read_unconfirmed(uuid), private.confirm_factor(uuid, bigint), private.list_factors(),
    private.remove_factor(uuid), private.replace_recovery_codes(bytea[]), private.count_recovery_codes(),
    private.begin_challenge(bytea, text, uuid, uuid, bytea, uuid), private.read_challenge(bytea, text, uuid, uuid),
    private.take_challenge(bytea, text), private.read_factors(uuid), private.find_passkey(bytea),
    private.begin_factor_try(uuid), private.forgive_factor_tries(uuid), private.take_counter(uuid, bigint),
    private.take_recovery_code(uuid, bytea) from public, anon, authenticated;
grant execute on function private.add_factor(uuid, text, text, bytea, bytea, bytea, bigint),
    private.read_unconfirmed(uuid), private.confirm_factor(uuid, bigint), private.list_factors(),
    private.remove_factor(uuid), private.replace_recovery_codes(bytea[]), private.count_recovery_codes(),
    private.begin_challenge(bytea, text, uuid, uuid, bytea, uuid), private.read_challenge(bytea, text, uuid, uuid),
    private.take_challenge(bytea, text), private.read_factors(uuid), private.find_passkey(bytea),
    private.begin_factor_try(uuid), private.forgive_factor_tries(uuid), private.take_counter(uuid, bigint),
    private.take_recovery_code(uuid, bytea) to cyphr_app;
