-- Registration: what happens before anybody is signed in, as narrow functions. They answer with a word and never raise
-- for a wrong code, because a raised error would roll back the count of tries.

-- It answered with a boolean before.
drop function if exists private.issue_email_code(text, bytea);

-- free | taken: whether this address has an account, for the mail alone; null when it was sent five codes within ten
-- minutes: then none is mailed. The work is the same for every address.
create or replace function private.issue_email_code(p_email text, p_code_hash bytea) returns text
    language sql volatile security definer set search_path = ''
as $$
    insert into public.email_codes as held (email, code_hash, expires_at)
    values (p_email, p_code_hash, now() + interval '10 minutes')
    on conflict (email) do update
    set code_hash    = excluded.code_hash,
        tries        = 0,
        expires_at   = excluded.expires_at,
        sends        = case when held.window_start < now() - interval '10 minutes' then 1 else held.sends + 1 end,
        window_start = case when held.window_start < now() - interval '10 minutes' then now() else held.window_start end
    where held.sends < 5 or held.window_start < now() - interval '10 minutes'
    returning case when exists (select from public.account_emails known where known.email = p_email)
                   then 'taken' else 'free' end
$$;

-- registered | wrong_code | email_taken | cyphr_id_taken | pin_too_short. Only 'registered' uses the code up.
create or replace function private.register_account(
    p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text,
    p_pin_hash text, p_pin_length integer
) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    held public.email_codes;
begin
    select * into held from public.email_codes where email = p_email for update;
    if held.email is null or held.expires_at < now() or held.tries >= 5 then
        return 'wrong_code';
    end if;
    if held.code_hash <> p_code_hash then
        update public.email_codes set tries = tries + 1 where email = p_email;
        return 'wrong_code';
    end if;
    -- The row of the code is locked: two registrations of one address cannot both pass here.
    if exists (select from public.account_emails where email = p_email) then
        return 'email_taken';
    end if;
    -- Said to who has read the mail alone: the policy would tell who was invited.
    if p_pin_length < (select own.pin_length from private.policy_of(coalesce((
        select invited.tenant_id from public.tenant_invitations invited
        where invited.email = p_email and invited.expires_at > now() order by invited.invited_at desc limit 1
    ), private.tenant_of(p_user_id))) own) then
        return 'pin_too_short';
    end if;
    insert into public.users (id, full_name, cyphr_id, cyphr_id_changed_at, email_hash, pin_hash, auth_method)
    values (p_user_id, p_full_name, p_cyphr_id, case when p_cyphr_id is not null then now() end, p_email_hash,
            p_pin_hash, 'email')
    on conflict (cyphr_id) do nothing;
    if not found then
        return 'cyphr_id_taken';
    end if;
    insert into public.account_emails (user_id, email) values (p_user_id, p_email);
    perform private.accept_invitation(p_user_id, p_email);
    delete from public.email_codes where email = p_email;
    return 'registered';
end
$$;

-- As servers of before call it.
create or replace function private.register_account(
    p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text,
    p_pin_hash text
) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    return private.register_account(
        p_user_id, p_email, p_email_hash, p_code_hash, p_full_name, p_cyphr_id, p_pin_hash, 6
    );
end
$$;

-- recovered | wrong_code | pin_too_short, whose account it is, and the sessions that ended: all of them. Second factors stay.
create or replace function private.recover_pin(
    p_email text, p_email_hash text, p_code_hash bytea, p_pin_hash text, p_pin_length integer
) returns table (outcome text, user_id uuid, ended uuid[])
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    held    public.email_codes;
    whose   uuid;
    revoked uuid[];
begin
    select * into held from public.email_codes code where code.email = p_email for update;
    select known.user_id into whose from public.account_emails known where known.email = p_email;
    if held.email is null or held.expires_at < now() or held.tries >= 5 then
        return query select 'wrong_code', null::uuid, null::uuid[];
        return;
    end if;
    if held.code_hash <> p_code_hash or whose is null then
        update public.email_codes code set tries = code.tries + 1 where code.email = p_email;
        return query select 'wrong_code', null::uuid, null::uuid[];
        return;
    end if;
    if p_pin_length < (select own.pin_length from private.policy_of(private.tenant_of(whose)) own) then
        return query select 'pin_too_short', null::uuid, null::uuid[];
        return;
    end if;
    delete from public.email_codes code where code.email = p_email;
    update public.users person set pin_hash = p_pin_hash, updated_at = now() where person.id = whose;
    with gone as (
        update public.sessions held_session set revoked_at = now()
        where held_session.user_id = whose and held_session.revoked_at is null
        returning held_session.id
    )
    select coalesce(array_agg(gone.id), '{}') into revoked from gone;
    -- Whoever reads the mail is let in at once, whatever others have guessed.
    perform private.forgive_sign_in(p_email_hash);
    return query select 'recovered', whose, revoked;
end
$$;

create or replace function private.set_pin(p_pin_hash text) returns void
    language sql volatile security definer set search_path = ''
as $$
    update public.users set pin_hash = p_pin_hash, updated_at = now() where id = (select auth.uid())
$$;

-- How many digits the acting user's tenant wants.
create or replace function private.own_pin_length() returns integer
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return (select own.pin_length from private.policy_of(private.tenant_of((select auth.uid()))) own);
end
$$;

revoke all on function private.issue_email_code(text, bytea), private.set_pin(text),
    private.recover_pin(text, text, bytea, text, integer),
    private.register_account(uuid, text, text, bytea, text, text, text, integer), private.own_pin_length(),
    private.register_account(uuid, text, text, bytea, text, text, text) from public, anon, authenticated;
grant execute on function private.issue_email_code(text, bytea), private.set_pin(text),
    private.recover_pin(text, text, bytea, text, integer),
    private.register_account(uuid, text, text, bytea, text, text, text, integer), private.own_pin_length(),
    private.register_account(uuid, text, text, bytea, text, text, text) to cyphr_app;
