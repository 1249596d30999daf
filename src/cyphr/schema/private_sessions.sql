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

create or replace function private.open_session(
    p_session_id uuid, p_user_id uuid, p_device text, p_token_hash bytea, p_expires_at timestamptz
) returns table (id uuid, full_name text, cyphr_id text, avatar_url text)
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    insert into public.sessions (id, user_id, device, expires_at)
    values (p_session_id, p_user_id, p_device, p_expires_at);
    insert into public.refresh_tokens (token_hash, session_id) values (p_token_hash, p_session_id);
    return query
        select person.id, person.full_name::text, person.cyphr_id::text, person.avatar_url
        from public.users person where person.id = p_user_id;
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
    if family.id is null or family.revoked_at is not null or family.expires_at < now() then
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
        select from public.sessions where id = p_session_id and revoked_at is null and expires_at > now()
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
    private.open_session(uuid, uuid, text, bytea, timestamptz), private.rotate_session(bytea, bytea, timestamptz),
    private.session_is_live(uuid), private.revoke_sessions(uuid, uuid) from public, anon, authenticated;
grant execute on function private.begin_sign_in(text, text), private.forgive_sign_in(text),
    private.open_session(uuid, uuid, text, bytea, timestamptz), private.rotate_session(bytea, bytea, timestamptz),
    private.session_is_live(uuid), private.revoke_sessions(uuid, uuid) to cyphr_app;
