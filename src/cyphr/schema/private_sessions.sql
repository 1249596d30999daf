-- Sign-in and sessions. What an address without an account costs and answers is what one with an account does.

-- Which address of the network counts: an IPv6 network of 64 bits is one.
create or replace function private.counted_address(p_address inet) returns inet
    language sql immutable set search_path = ''
as $$
    select case family(p_address) when 6 then network(set_masklen(p_address, 64))::inet else p_address end
$$;

-- Reserve one try of an address of the network. Null, or how many seconds until it has one again.
create or replace function private.reserve_from_address(p_address inet, p_most integer) returns integer
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    counted inet := private.counted_address(p_address);
    tries   public.sign_in_addresses;
begin
    insert into public.sign_in_addresses (address) values (counted) on conflict do nothing;
    select * into tries from public.sign_in_addresses held where held.address = counted for update;
    if tries.window_start < now() - interval '15 minutes' then
        tries.failed := 0;
        tries.window_start := now();
        -- Whoever begins anew clears up behind others that will not.
        delete from public.sign_in_addresses old
        where old.address in (select gone.address from public.sign_in_addresses gone
                              where gone.window_start < now() - interval '1 day' and gone.address <> counted
                              order by gone.window_start limit 100 for update skip locked);
    end if;
    if tries.failed >= p_most then
        return greatest(1, ceil(extract(epoch from tries.window_start + interval '15 minutes' - now())))::integer;
    end if;
    update public.sign_in_addresses held set failed = tries.failed + 1, window_start = tries.window_start
    where held.address = counted;
    return null;
end
$$;

-- Reserve one try before the PIN is checked, so that guesses sent at the same time are counted too: of the address of the
-- network first, so that who has none left there cannot lock others' accounts. The fifth of an account locks it for 15
-- minutes; a right PIN then clears the count. pin_hash is null for an address without an account; last: the fifth.
create or replace function private.begin_sign_in(p_email text, p_email_hash text, p_address inet, p_most integer)
    returns table (allowed boolean, retry_after integer, user_id uuid, pin_hash text, last boolean)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    attempt public.sign_in_attempts;
    wait    integer;
begin
    if p_address is not null then
        wait := private.reserve_from_address(p_address, p_most);
        if wait is not null then
            return query select false, wait, null::uuid, null::text, false;
            return;
        end if;
    end if;
    insert into public.sign_in_attempts (email_hash) values (p_email_hash) on conflict do nothing;
    select * into attempt from public.sign_in_attempts tries where tries.email_hash = p_email_hash for update;
    if attempt.locked_until > now() then
        return query
            select false, ceil(extract(epoch from attempt.locked_until - now()))::integer, null::uuid, null::text, false;
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
        select true, 0, person.id, person.pin_hash::text, attempt.failed + 1 >= 5
        from (select) one
        left join public.account_emails address on address.email = p_email
        left join public.users person on person.id = address.user_id;
end
$$;

-- As servers of before call it.
create or replace function private.begin_sign_in(p_email text, p_email_hash text)
    returns table (allowed boolean, retry_after integer, user_id uuid, pin_hash text)
    language sql volatile security definer set search_path = ''
as $$
    select allowed, retry_after, user_id, pin_hash from private.begin_sign_in(p_email, p_email_hash, null, 0)
$$;

create or replace function private.forgive_sign_in(p_email_hash text) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.sign_in_attempts set failed = 0, locked_until = null, updated_at = now()
    where email_hash = p_email_hash
$$;

-- A right PIN also gives back the try of the address of the network, and no more: else an own account would clear it.
create or replace function private.forgive_address(p_address inet) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.sign_in_addresses set failed = greatest(0, failed - 1)
    where address = private.counted_address(p_address)
$$;

-- Store the same PIN hashed with the parameters of today, unless it was changed meanwhile.
create or replace function private.rehash_pin(p_user_id uuid, p_old_hash text, p_new_hash text) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.users set pin_hash = p_new_hash where id = p_user_id and pin_hash = p_old_hash
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

-- Until when a session may live that is used now, by the policy of the person's tenant.
create or replace function private.session_end(p_user_id uuid) returns timestamptz
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return now() + (select make_interval(days => own.session_days)
                    from private.policy_of(private.tenant_of(p_user_id)) own);
end
$$;

-- Open a session for a person who has proved all that is asked of them. stranger: they were here before, and never with
-- this device. An installation that the first server knew by a fingerprint calls itself by the MD5 of it, as a UUID, and is
-- known by that.
create or replace function private.open_session(
    p_user_id uuid, p_method text, p_factors text[], p_session_id uuid, p_token_hash bytea, p_expires_at timestamptz,
    p_device text, p_device_id uuid, p_address inet, p_user_agent text
) returns table (id uuid, full_name text, cyphr_id text, avatar_url text, stranger boolean)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    registration uuid;
    known        boolean := false;
begin
    if p_device_id is not null then
        select earlier.id into registration from public.device_registrations earlier
        where earlier.user_id = p_user_id and md5(earlier.device_fingerprint)::uuid = p_device_id;
        insert into public.known_devices as held (user_id, device_id, registration_id)
        values (p_user_id, p_device_id, registration)
        on conflict (user_id, device_id) do update
        set last_seen = now(), registration_id = coalesce(excluded.registration_id, held.registration_id)
        returning held.first_seen < now() or registration is not null into known;
    end if;
    insert into public.sessions (
        id, user_id, device, expires_at, method, factors, device_id, address, user_agent, proved_at
    ) values (
        p_session_id, p_user_id, p_device, least(p_expires_at, private.session_end(p_user_id)), p_method, p_factors, p_device_id, p_address,
        left(p_user_agent, 400), now()
    );
    insert into public.refresh_tokens (token_hash, session_id) values (p_token_hash, p_session_id);
    return query
        select person.id, person.full_name::text, person.cyphr_id::text, person.avatar_url,
               person.created_at < now() and not known
        from public.users person
        where person.id = p_user_id;
end
$$;

-- What follows a right first factor: opened | challenged | suspended. A passkey was two factors: having it, and the
-- finger or the code that unlocks it.
create or replace function private.admit_session(
    p_user_id uuid, p_method text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamptz, p_device text,
    p_device_id uuid, p_address inet, p_user_agent text, p_challenge_hash bytea, p_nonce bytea
) returns table (
    outcome text, factors text[], id uuid, full_name text, cyphr_id text, avatar_url text, stranger boolean
)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    asked text[];
begin
    if not exists (select from public.users person where person.id = p_user_id and person.suspended_at is null) then
        return query select 'suspended', null::text[], p_user_id, null::text, null::text, null::text, false;
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
    return query select 'challenged', asked, p_user_id, null::text, null::text, null::text, false;
end
$$;

-- End a sign-in that was challenged. No row: the challenge is over, taken, or was begun by another device.
create or replace function private.open_challenged(
    p_challenge_hash bytea, p_factor text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamptz,
    p_device_id uuid, p_address inet, p_user_agent text
) returns table (
    outcome text, factors text[], id uuid, full_name text, cyphr_id text, avatar_url text, stranger boolean
)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    begun public.sign_in_challenges;
begin
    delete from public.sign_in_challenges challenge
    where challenge.token_hash = p_challenge_hash and challenge.purpose = 'sign_in' and challenge.expires_at > now()
      and challenge.device_id is not distinct from p_device_id
    returning * into begun;
    if begun.token_hash is null then
        return;
    end if;
    if exists (select from public.users person where person.id = begun.user_id and person.suspended_at is not null) then
        return query select 'suspended', null::text[], begun.user_id, null::text, null::text, null::text, false;
        return;
    end if;
    return query
        select 'opened', array[p_factor], opened.*
        from private.open_session(
            begun.user_id, begun.method, array[p_factor], p_session_id, p_token_hash, p_expires_at, begun.device,
            p_device_id, p_address, p_user_agent
        ) opened;
end
$$;

drop function if exists private.rotate_session(bytea, bytea, timestamptz);

-- rotated | unknown | reused. A token that was used before has been copied: its whole family is revoked. But the answer to
-- its use may have been lost, or two windows may have asked at once: within ten seconds, and while nothing that came of it
-- was used, it is answered again. The first of those answers that is used makes the others copies.
create or replace function private.rotate_session(
    p_old_hash bytea, p_new_hash bytea, p_expires_at timestamptz, p_address inet
)
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
    if (token.used_at is not null and (
            token.used_at < now() - interval '10 seconds' or exists (
                select from public.refresh_tokens answer
                where answer.parent_hash = token.token_hash and answer.used_at is not null
            )))
        or exists (
            select from public.refresh_tokens other
            where other.parent_hash = token.parent_hash and other.token_hash <> token.token_hash
              and other.used_at is not null
        )
    then
        update public.sessions known set revoked_at = now() where known.id = family.id;
        return query select 'reused', family.id, family.user_id, null::text, null::text, null::text;
        return;
    end if;
    update public.refresh_tokens known set used_at = coalesce(known.used_at, now()) where known.token_hash = p_old_hash;
    insert into public.refresh_tokens (token_hash, session_id, parent_hash) values (p_new_hash, family.id, p_old_hash);
    update public.sessions known
    set last_used_at = now(), expires_at = least(p_expires_at, private.session_end(family.user_id)),
        address = coalesce(p_address, known.address)
    where known.id = family.id;
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

create or replace function private.note_proof(p_session_id uuid) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.sessions set proved_at = now() where id = p_session_id and revoked_at is null
$$;

-- Those of these sessions that live no longer.
create or replace function private.which_ended(p_session_ids uuid[]) returns uuid[]
    language sql stable security definer set search_path = ''
as $$
    select coalesce(array_agg(asked.id), '{}')
    from unnest(p_session_ids) asked (id)
    left join public.sessions held on held.id = asked.id and held.revoked_at is null and held.expires_at > now()
    where held.id is null
$$;

-- Those that somebody ended within the last seconds, of whomever.
create or replace function private.ended_lately(p_seconds double precision) returns table (user_id uuid, id uuid)
    language sql stable security definer set search_path = ''
as $$
    select held.user_id, held.id from public.sessions held
    where held.revoked_at > now() - make_interval(secs => p_seconds)
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

revoke all on function private.begin_sign_in(text, text), private.begin_sign_in(text, text, inet, integer),
    private.session_end(uuid), private.counted_address(inet), private.reserve_from_address(inet, integer), private.forgive_address(inet),
    private.rehash_pin(uuid, text, text), private.forgive_sign_in(text),
    private.factors_of(uuid),
    private.open_session(uuid, text, text[], uuid, bytea, timestamptz, text, uuid, inet, text),
    private.admit_session(uuid, text, uuid, bytea, timestamptz, text, uuid, inet, text, bytea, bytea),
    private.open_challenged(bytea, text, uuid, bytea, timestamptz, uuid, inet, text),
    private.rotate_session(bytea, bytea, timestamptz, inet), private.session_is_live(uuid),
    private.which_ended(uuid[]), private.ended_lately(double precision), private.session_is_proved(uuid),
    private.note_proof(uuid), private.revoke_sessions(uuid, uuid) from public, anon, authenticated;
grant execute on function private.begin_sign_in(text, text), private.begin_sign_in(text, text, inet, integer),
    private.forgive_address(inet), private.rehash_pin(uuid, text, text), private.forgive_sign_in(text),
    private.factors_of(uuid),
    private.open_session(uuid, text, text[], uuid, bytea, timestamptz, text, uuid, inet, text),
    private.admit_session(uuid, text, uuid, bytea, timestamptz, text, uuid, inet, text, bytea, bytea),
    private.open_challenged(bytea, text, uuid, bytea, timestamptz, uuid, inet, text),
    private.rotate_session(bytea, bytea, timestamptz, inet), private.session_is_live(uuid),
    private.which_ended(uuid[]), private.ended_lately(double precision), private.session_is_proved(uuid),
    private.note_proof(uuid), private.revoke_sessions(uuid, uuid) to cyphr_app;
