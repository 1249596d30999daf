-- Accounts that are known elsewhere, too: at Cognito, and at Supabase while its sessions are accepted.

-- Whose a token of another issuer is, and whether its session counts here: live | ended | challenge | unknown.
-- On first sight the session gets a row, so that it is listed and revoked like any other. Who has a second factor proves
-- it (challenge) unless the issuer had one proven (p_strong). A session that was exchanged lasts a minute more: the
-- answer may have been lost, and requests are under way. fresh: it is the first sight.
drop function if exists private.adopt_session(uuid, text, text, timestamptz, timestamptz, boolean);
create function private.adopt_session(
    p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamptz, p_expires_at timestamptz, p_strong boolean
) returns table (outcome text, user_id uuid, fresh boolean)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    held   public.sessions;
    person uuid := private.known_as(p_issuer, p_subject, p_began_at);
    first  boolean;
begin
    if person is null then
        return query select 'unknown', null::uuid, false;
        return;
    end if;
    if not p_strong and private.factors_of(person) <> '{}'
        and not exists (select from public.sessions known where known.id = p_session_id and known.exchanged_at is null)
    then
        return query select 'challenge', person, false;
        return;
    end if;
    insert into public.sessions (id, user_id, expires_at, method, factors)
    values (p_session_id, person, p_expires_at + interval '30 days', p_issuer,
            case when p_strong then array['totp'] else '{}' end)
    on conflict (id) do nothing;
    first := found;
    select * into held from public.sessions known where known.id = p_session_id for update;
    if held.user_id <> person or held.revoked_at is not null or held.exchanged_at < now() - interval '1 minute' then
        return query select 'ended', person, false;
        return;
    end if;
    if held.exchanged_at is null then
        update public.sessions known
        set last_used_at = now(), expires_at = greatest(known.expires_at, p_expires_at + interval '30 days')
        where known.id = p_session_id;
    end if;
    return query select 'live', person, first;
end
$$;

-- The account behind a subject of another issuer, or null. Who signed out everywhere is known by later sign-ins only.
-- Cognito tells times in whole seconds, and a token of the very second may be an old one. p_began_at is null for who has
-- proved themselves just now.
create or replace function private.known_as(p_issuer text, p_subject text, p_began_at timestamptz) returns uuid
    language sql stable security definer set search_path = ''
as $$
    select person.id from public.users person
    where person.suspended_at is null and person.id = case p_issuer
        when 'supabase' then p_subject::uuid
        when 'cognito' then (
            select linked.user_id from public.cognito_accounts linked
            where linked.cognito_sub = p_subject
              and (linked.signed_out_at is null or p_began_at is null
                   or p_began_at > date_trunc('second', linked.signed_out_at))
        )
    end
$$;

-- Whose a token is that is to be exchanged, and whether it still can be: live | ended | unknown.
create or replace function private.exchangeable(
    p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamptz
) returns table (outcome text, user_id uuid)
    language sql stable security definer set search_path = ''
as $$
    select case
            when person is null then 'unknown'
            when held.revoked_at is not null or held.exchanged_at < now() - interval '1 minute' then 'ended'
            else 'live'
        end, person
    from (select private.known_as(p_issuer, p_subject, p_began_at) as person) known
    left join public.sessions held on held.id = p_session_id
$$;

-- A family of tokens is exchanged once; again within a minute, because the answer may have been lost.
create or replace function private.note_exchange(p_session_id uuid, p_user_id uuid, p_method text) returns void
    language sql volatile security definer set search_path = ''
as $$
    insert into public.sessions as held (id, user_id, method, exchanged_at, expires_at)
    values (p_session_id, p_user_id, p_method, now(), now() + interval '1 minute')
    on conflict (id) do update set exchanged_at = excluded.exchanged_at, expires_at = excluded.expires_at
    where held.exchanged_at is null
$$;

revoke all on function private.adopt_session(uuid, text, text, timestamptz, timestamptz, boolean),
    private.known_as(text, text, timestamptz), private.note_exchange(uuid, uuid, text),
    private.exchangeable(uuid, text, text, timestamptz) from public, anon, authenticated;
grant execute on function private.adopt_session(uuid, text, text, timestamptz, timestamptz, boolean),
    private.note_exchange(uuid, uuid, text), private.exchangeable(uuid, text, text, timestamptz),
    private.known_as(text, text, timestamptz) to cyphr_app;

-- How the acting user may sign in. sufficient: whether it may be the only one; a passkey can be lost with its device, and
-- an identity of a provider leads in only where the pool knows that provider.
create or replace function private.methods_of_own()
    returns table (method text, linked_at timestamptz, sufficient boolean)
    language sql stable security definer set search_path = ''
as $$
    select 'pin', null::timestamptz, true from public.users person
    where person.id = (select auth.uid()) and person.pin_hash is not null
    union all
    select 'password', min(known.linked_at), true from public.sign_in_methods known
    where known.user_id = (select auth.uid()) and known.method = 'password' having count(*) > 0
    union all
    select 'password', held.imported_at, true from public.imported_passwords held
    where held.user_id = (select auth.uid()) and held.bcrypt is not null
      and not exists (
          select from public.sign_in_methods known where known.user_id = held.user_id and known.method = 'password'
      )
    union all
    select 'passkey', min(factor.confirmed_at), false from public.mfa_factors factor
    where factor.user_id = (select auth.uid()) and factor.kind = 'passkey' and factor.confirmed_at is not null
    having count(*) > 0
    union all
    select known.method, known.linked_at, false from public.sign_in_methods known
    where known.user_id = (select auth.uid()) and known.method <> 'password'
    order by 1
$$;

create or replace function private.link_own_password(p_sub text, p_username text) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform private.link_password((select auth.uid()), p_sub, p_username);
end
$$;

-- unlinked | last | absent. The account's row is locked, so that two methods cannot be taken away at once.
create or replace function private.unlink_method(p_method text) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    person uuid := (select auth.uid());
begin
    perform from public.users known where known.id = person for update;
    if p_method = 'passkey' or not exists (select from private.methods_of_own() own where own.method = p_method) then
        return 'absent';
    end if;
    if not exists (select from private.methods_of_own() own where own.sufficient and own.method <> p_method) then
        return 'last';
    end if;
    if p_method = 'pin' then
        update public.users known set pin_hash = null, updated_at = now() where known.id = person;
    else
        delete from public.sign_in_methods known where known.user_id = person and known.method = p_method;
    end if;
    if p_method = 'password' then
        perform private.forget_imported_password(person);
        perform private.keep_password(person, '');
    end if;
    return 'unlinked';
end
$$;

revoke all on function private.methods_of_own(), private.link_own_password(text, text), private.unlink_method(text)
    from public, anon, authenticated;
grant execute on function private.methods_of_own(), private.link_own_password(text, text), private.unlink_method(text)
    to cyphr_app;
