-- Administration. Every function asks private.administered_tenant() who is acting: a signed-in admin or owner, within their tenant
-- alone, or the operator, who is the owner of the tables on a connection of their own. Whom they do not reach is not there.
-- What is done is noted in the audit log in the same transaction.

create or replace function private.tenant_of(p_user_id uuid) returns uuid
    language sql stable security definer set search_path = ''
as $$
    select coalesce((select member.tenant_id from public.tenant_members member where member.user_id = p_user_id),
                    '00000000-0000-4000-8000-000000000001')
$$;

create or replace function private.tenant_role_of(p_user_id uuid) returns text
    language sql stable security definer set search_path = ''
as $$
    select coalesce((select member.role from public.tenant_members member where member.user_id = p_user_id), 'member')
$$;

-- No row: whoever acts administers nothing. An operator names the tenant in the setting cyphr.tenant.
create or replace function private.administered_tenant() returns table (tenant_id uuid, role text, actor uuid)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    if auth.uid() is not null then
        return query
            select member.tenant_id, member.role, member.user_id
            from public.tenant_members member
            join public.users person on person.id = member.user_id
            where member.user_id = auth.uid() and member.role in ('admin', 'owner') and person.suspended_at is null;
    elsif pg_has_role(session_user, (select relowner from pg_catalog.pg_class
                                     where oid = 'public.tenants'::regclass), 'member') then
        return query
            select tenant.id, 'operator', null::uuid
            from public.tenants tenant
            where tenant.name = coalesce(nullif(current_setting('cyphr.tenant', true), ''), 'default');
    end if;
end
$$;

-- done | no_admin | not_found | not_allowed: whether the acting one may change this person. An admin changes members, an
-- owner everybody.
create or replace function private.admin_target(p_user_id uuid) returns text
    language sql stable security definer set search_path = ''
as $$
    select case
        when scope.tenant_id is null then 'no_admin'
        when person.id is null then 'not_found'
        when scope.role = 'admin' and scope.actor <> p_user_id and private.tenant_role_of(p_user_id) <> 'member'
            then 'not_allowed'
        else 'done' end
    from (select) one
    left join private.administered_tenant() scope on true
    left join public.users person on person.id = p_user_id and private.tenant_of(person.id) = scope.tenant_id
$$;

create or replace function private.end_sessions(p_user_id uuid) returns uuid[]
    language sql volatile security definer set search_path = ''
as $$
    with gone as (
        update public.sessions set revoked_at = now() where user_id = p_user_id and revoked_at is null returning id
    )
    select coalesce(array_agg(id), '{}') from gone
$$;

create or replace function private.note_admin(
    p_event text, p_subject uuid, p_session uuid, p_address inet, p_details jsonb
) returns void
    language sql volatile security definer set search_path = ''
as $$
    select private.note_security_event(
        'admin.' || p_event, (select actor from private.administered_tenant()), p_subject, p_session, p_address,
        case when (select role from private.administered_tenant()) = 'operator'
             then jsonb_build_object('operator', session_user) else '{}' end
        || jsonb_build_object('tenant', (select tenant_id from private.administered_tenant())) || coalesce(p_details, '{}')
    )
$$;

-- One act on one person: suspended, reinstated, signed_out, factors_reset, pin_reset, password_reset, device_revoked
-- (p_argument: a session), role_set (p_argument: the role). The outcome is that of admin_target, or oneself | last_owner. ended: sessions.
create or replace function private.administer(p_act text, p_user_id uuid, p_argument text, p_address inet)
    returns table (outcome text, ended uuid[], email text)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    scope   record;
    over    uuid[] := '{}';
    verdict text;
begin
    select * into scope from private.administered_tenant();
    -- Two who change the owners of a tenant at once: the second sees what the first did.
    if p_act in ('role_set', 'suspended') then
        perform from public.tenants tenant where tenant.id = scope.tenant_id for update;
    end if;
    perform from public.users person where person.id = p_user_id for update;
    verdict := private.admin_target(p_user_id);
    if verdict = 'done' and p_act = 'role_set' and scope.role = 'admin' then
        verdict := 'not_allowed';
    elsif verdict = 'done' and scope.actor = p_user_id and p_act in ('suspended', 'role_set') then
        verdict := 'oneself';
    elsif verdict = 'done' and (p_act = 'suspended' or p_act = 'role_set' and p_argument <> 'owner')
        and private.is_last_owner(p_user_id) then
        verdict := 'last_owner';
    elsif verdict = 'done' and p_act = 'device_revoked' and not exists (
        select from public.sessions held where held.id = p_argument::uuid and held.user_id = p_user_id
    ) then
        verdict := 'not_found';
    end if;
    if verdict = 'done' then
        over := private.do_administer(p_act, p_user_id, p_argument, scope.tenant_id);
        perform private.note_admin(
            p_act, p_user_id, case when p_act = 'device_revoked' then p_argument::uuid end, p_address,
            case when p_act = 'role_set' then jsonb_build_object('role', p_argument) end
        );
    end if;
    return query
        select verdict, over, case when verdict = 'done' then known.email end
        from (select) one left join public.account_emails known on known.user_id = p_user_id;
end
$$;

create or replace function private.is_last_owner(p_user_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select private.tenant_role_of(p_user_id) = 'owner' and not exists (
        select from public.tenant_members other
        join public.users person on person.id = other.user_id and person.suspended_at is null
        where other.tenant_id = private.tenant_of(p_user_id) and other.role = 'owner' and other.user_id <> p_user_id
    )
$$;

-- The act itself, for private.administer alone; the sessions that ended. What Cognito is to be told of it is written down with
-- it. Of second factors it knows nothing, nor of single sessions of ours.
create or replace function private.do_administer(p_act text, p_user_id uuid, p_argument text, p_tenant uuid)
    returns uuid[]
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    case p_act
        when 'suspended' then
            update public.users set suspended_at = coalesce(suspended_at, now()) where id = p_user_id;
            perform private.owe_pool(p_user_id, false);
            return private.end_sessions(p_user_id);
        when 'reinstated' then
            update public.users set suspended_at = null where id = p_user_id;
            perform private.owe_pool(p_user_id, true);
        when 'signed_out' then
            perform private.owe_pool(p_user_id, null);
            return private.end_sessions(p_user_id);
        when 'factors_reset' then
            delete from public.mfa_factors where user_id = p_user_id;
            delete from public.recovery_codes where user_id = p_user_id;
            delete from public.mfa_attempts where user_id = p_user_id;
        when 'pin_reset' then
            update public.users set pin_hash = null, updated_at = now() where id = p_user_id;
            perform private.owe_pool(p_user_id, null);
            return private.end_sessions(p_user_id);
        when 'password_reset' then
            perform private.reset_password(p_user_id);
            perform private.owe_pool(p_user_id, null);
            return private.end_sessions(p_user_id);
        when 'device_revoked' then
            delete from public.known_devices known using public.sessions held
            where held.id = p_argument::uuid and known.user_id = p_user_id and known.device_id = held.device_id;
            update public.sessions set revoked_at = coalesce(revoked_at, now()) where id = p_argument::uuid;
            return array[p_argument::uuid];
        when 'role_set' then
            insert into public.tenant_members (user_id, tenant_id, role) values (p_user_id, p_tenant, p_argument)
            on conflict (user_id) do update set role = excluded.role;
    end case;
    return '{}';
end
$$;

-- done | no_admin | not_allowed | email_taken. The account has no PIN: its owner sets one by a mailed code.
create or replace function private.admin_create(
    p_user_id uuid, p_email text, p_email_hash text, p_full_name text, p_role text, p_address inet
) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    scope record;
begin
    select * into scope from private.administered_tenant();
    if scope.tenant_id is null then
        return 'no_admin';
    end if;
    if p_role <> 'member' and scope.role = 'admin' then
        return 'not_allowed';
    end if;
    insert into public.users (id, full_name, email_hash, auth_method)
    select p_user_id, p_full_name, p_email_hash, 'email'
    where not exists (select from public.account_emails known where known.email = p_email);
    if not found then
        return 'email_taken';
    end if;
    insert into public.account_emails (user_id, email) values (p_user_id, p_email);
    insert into public.tenant_members (user_id, tenant_id, role) values (p_user_id, scope.tenant_id, p_role);
    perform private.note_admin('created', p_user_id, null, p_address, jsonb_build_object('role', p_role));
    return 'done';
exception when unique_violation then
    return 'email_taken';  -- two at once
end
$$;

-- done | no_admin | not_allowed, alike whether the address has an account; taken and tenant are for the mail alone.
create or replace function private.admin_invite(p_email text, p_role text, p_address inet)
    returns table (outcome text, taken boolean, tenant text)
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    scope record;
begin
    select * into scope from private.administered_tenant();
    if scope.tenant_id is null or (p_role <> 'member' and scope.role = 'admin') then
        return query select case when scope.tenant_id is null then 'no_admin' else 'not_allowed' end, false, null::text;
        return;
    end if;
    insert into public.tenant_invitations as held (tenant_id, email, role, invited_by, expires_at)
    values (scope.tenant_id, p_email, p_role, scope.actor, now() + interval '7 days')
    on conflict (tenant_id, email) do update
    set role = excluded.role, invited_by = excluded.invited_by, invited_at = now(), expires_at = excluded.expires_at;
    perform private.note_admin('invited', null, null, p_address, jsonb_build_object('role', p_role));
    return query
        select 'done', exists (select from public.account_emails known where known.email = p_email), own.name
        from public.tenants own where own.id = scope.tenant_id;
end
$$;

-- Whoever registers with an address that was invited: the latest invitation counts.
create or replace function private.accept_invitation(p_user_id uuid, p_email text) returns void
    language sql volatile security definer set search_path = ''
as $$
    with accepted as (
        select tenant_id, role from public.tenant_invitations
        where email = p_email and expires_at > now() order by invited_at desc limit 1
    ), gone as (
        delete from public.tenant_invitations where email = p_email
    )
    insert into public.tenant_members (user_id, tenant_id, role) select p_user_id, tenant_id, role from accepted
$$;

-- What administrators see of people.
drop view if exists private.administered_people cascade; -- with private.admin_people, which is made below
create view private.administered_people as
    select person.id, person.full_name::text as full_name, person.cyphr_id::text as cyphr_id, address.email,
           private.tenant_of(person.id) as tenant_id, private.tenant_role_of(person.id) as role, person.suspended_at,
           person.created_at, person.updated_at, person.pin_hash is not null as has_pin,
           (select max(held.last_used_at) from public.sessions held where held.user_id = person.id) as last_used_at,
           (select count(*) from public.mfa_factors factor
            where factor.user_id = person.id and factor.confirmed_at is not null)::integer as factors,
           (select coalesce(array_agg(own.id order by own.name), '{}') from public.tenant_group_members belongs
            join public.tenant_groups own on own.id = belongs.group_id
            where belongs.user_id = person.id) as group_ids,
           (select coalesce(array_agg(own.name order by own.name), '{}') from public.tenant_group_members belongs
            join public.tenant_groups own on own.id = belongs.group_id
            where belongs.user_id = person.id) as group_names
    from public.users person
    left join public.account_emails address on address.user_id = person.id;
revoke all on private.administered_people from public, anon, authenticated, cyphr_app;

-- Newest first, from a place on. p_words: part of a name, an address or a @cyphr_id. No row for who administers nothing.
create or replace function private.admin_people(
    p_words text, p_suspended boolean, p_user_id uuid, p_moment timestamptz, p_id uuid, p_offset integer, p_limit integer
) returns setof private.administered_people
    language sql stable security definer set search_path = ''
as $$
    select shown.*
    from private.administered_tenant() scope
    join private.administered_people shown on shown.tenant_id = scope.tenant_id
    where (shown.created_at, shown.id) < (p_moment, p_id)
      and (p_user_id is null or shown.id = p_user_id)
      and (p_suspended is null or (shown.suspended_at is not null) = p_suspended)
      and (p_words is null or strpos(lower(concat_ws(' ', shown.full_name, shown.email, shown.cyphr_id)), lower(p_words)) > 0)
    order by shown.created_at desc, shown.id desc
    offset p_offset limit p_limit
$$;

create or replace function private.admin_count_people(p_words text) returns bigint
    language sql stable security definer set search_path = ''
as $$
    select count(*) from private.admin_people(
        p_words, null, null, 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 0, null
    )
$$;

-- The living sessions of a person within reach.
create or replace function private.admin_sessions(p_user_id uuid)
    returns table (id uuid, device text, method text, address text, user_agent text, created_at timestamptz,
                   last_used_at timestamptz)
    language sql stable security definer set search_path = ''
as $$
    select held.id, coalesce(held.name, held.device), held.method, host(held.address), held.user_agent, held.created_at,
           held.last_used_at
    from public.sessions held
    join private.administered_tenant() scope on scope.tenant_id = private.tenant_of(held.user_id)
    where held.user_id = p_user_id and held.revoked_at is null and held.expires_at > now()
    order by held.last_used_at desc
$$;

create or replace function private.policy_of(p_tenant uuid)
    returns table (pin_length integer, session_days integer, require_mfa boolean)
    language sql stable security definer set search_path = ''
as $$
    select coalesce(own.pin_length, 4), coalesce(own.session_days, 30), coalesce(own.require_mfa, false)
    from (select) one left join public.tenant_policies own on own.tenant_id = p_tenant
$$;

-- Whether a person must set up a second factor before anything else.
create or replace function private.demands_factor(p_user_id uuid) returns boolean
    language sql stable security definer set search_path = ''
as $$
    select own.require_mfa and private.factors_of(p_user_id) = '{}'
    from private.policy_of(private.tenant_of(p_user_id)) own
$$;

create or replace function private.admin_policy()
    returns table (pin_length integer, session_days integer, require_mfa boolean)
    language sql stable security definer set search_path = ''
as $$
    select own.* from private.administered_tenant() scope, private.policy_of(scope.tenant_id) own
$$;

-- done | no_admin | not_allowed: owners set the policy.
create or replace function private.admin_set_policy(
    p_pin_length integer, p_session_days integer, p_require_mfa boolean, p_address inet
) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    scope record;
begin
    select * into scope from private.administered_tenant();
    if scope.tenant_id is null or scope.role = 'admin' then
        return case when scope.tenant_id is null then 'no_admin' else 'not_allowed' end;
    end if;
    insert into public.tenant_policies (tenant_id, pin_length, session_days, require_mfa)
    values (scope.tenant_id, p_pin_length, p_session_days, p_require_mfa)
    on conflict (tenant_id) do update
    set pin_length = excluded.pin_length, session_days = excluded.session_days, require_mfa = excluded.require_mfa,
        changed_at = now();
    perform private.note_admin('policy_set', null, null, p_address, jsonb_build_object(
        'pin_length', p_pin_length, 'session_days', p_session_days, 'require_mfa', p_require_mfa));
    return 'done';
end
$$;

create or replace function private.admin_groups()
    returns table (id uuid, name text, created_at timestamptz, member_ids uuid[])
    language sql stable security definer set search_path = ''
as $$
    select own.id, own.name, own.created_at,
           (select coalesce(array_agg(belongs.user_id order by belongs.since, belongs.user_id), '{}')
            from public.tenant_group_members belongs where belongs.group_id = own.id)
    from private.administered_tenant() scope
    join public.tenant_groups own on own.tenant_id = scope.tenant_id
    order by own.name
$$;

-- done | no_admin | name_taken
create or replace function private.admin_make_group(p_group_id uuid, p_name text, p_address inet) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    scope record;
begin
    select * into scope from private.administered_tenant();
    if scope.tenant_id is null then
        return 'no_admin';
    end if;
    insert into public.tenant_groups (id, tenant_id, name) values (p_group_id, scope.tenant_id, p_name)
    on conflict (tenant_id, name) do nothing;
    if not found then
        return 'name_taken';
    end if;
    perform private.note_admin('group_made', null, null, p_address, jsonb_build_object('group', p_group_id));
    return 'done';
end
$$;

-- done | no_admin | not_found
create or replace function private.admin_remove_group(p_group_id uuid, p_address inet) returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    scope record;
begin
    select * into scope from private.administered_tenant();
    if scope.tenant_id is null then
        return 'no_admin';
    end if;
    delete from public.tenant_groups own where own.id = p_group_id and own.tenant_id = scope.tenant_id;
    if not found then
        return 'not_found';
    end if;
    perform private.note_admin('group_removed', null, null, p_address, jsonb_build_object('group', p_group_id));
    return 'done';
end
$$;

-- done | no_admin | not_found | not_allowed. Both the group and the person must be of the tenant.
create or replace function private.admin_set_group(p_group_id uuid, p_user_id uuid, p_in boolean, p_address inet)
    returns text
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    scope   record;
    verdict text := private.admin_target(p_user_id);
begin
    select * into scope from private.administered_tenant();
    if verdict <> 'done' then
        return verdict;
    end if;
    perform from public.tenant_groups own where own.id = p_group_id and own.tenant_id = scope.tenant_id for key share;
    if not found then
        return 'not_found';
    end if;
    if p_in then
        insert into public.tenant_group_members (group_id, user_id) values (p_group_id, p_user_id) on conflict do nothing;
    else
        delete from public.tenant_group_members where group_id = p_group_id and user_id = p_user_id;
    end if;
    perform private.note_admin(
        case when p_in then 'group_joined' else 'group_left' end, p_user_id, null, p_address,
        jsonb_build_object('group', p_group_id));
    return 'done';
end
$$;

-- The tenant's part of the audit log, newest first.
create or replace function private.admin_events(p_before bigint, p_user_id uuid, p_limit integer)
    returns table (seq bigint, at timestamptz, event text, actor uuid, subject uuid, session uuid, address text,
                   details jsonb)
    language sql stable security definer set search_path = ''
as $$
    select chain.seq, noted.at, noted.event, noted.actor, noted.subject, noted.session, host(noted.address),
           noted.details
    from private.administered_tenant() scope
    join public.audit_log noted on noted.tenant = scope.tenant_id
    join public.audit_chain chain on chain.event_id = noted.id
    where (p_before is null or chain.seq < p_before)
      and (p_user_id is null or noted.subject = p_user_id or noted.actor = p_user_id)
    order by chain.seq desc
    limit p_limit
$$;

create or replace function private.admin_note_export(p_people integer, p_address inet) returns void
    language sql volatile security definer set search_path = ''
as $$
    select private.note_admin('exported', null, null, p_address, jsonb_build_object('people', p_people))
$$;

-- The operator's alone: a new tenant; and the first owner of one, who comes over from the tenant they are in.
create or replace function private.make_tenant(p_tenant_id uuid, p_name text) returns boolean
    language sql volatile set search_path = ''
as $$
    insert into public.tenants (id, name) values (p_tenant_id, p_name) on conflict do nothing returning true
$$;

create or replace function private.appoint(p_email text, p_role text) returns text
    language plpgsql volatile set search_path = ''
as $$
declare
    scope record;
    whose uuid := (select known.user_id from public.account_emails known where known.email = p_email);
begin
    select * into scope from private.administered_tenant();
    if scope.tenant_id is null then
        return 'no_admin';
    elsif whose is null then
        return 'not_found';
    end if;
    insert into public.tenant_members (user_id, tenant_id, role) values (whose, scope.tenant_id, p_role)
    on conflict (user_id) do update set tenant_id = excluded.tenant_id, role = excluded.role;
    delete from public.tenant_group_members belongs using public.tenant_groups own
    where belongs.user_id = whose and own.id = belongs.group_id and own.tenant_id <> scope.tenant_id;
    perform private.note_admin('role_set', whose, null, null, jsonb_build_object('role', p_role));
    return 'done';
end
$$;

do $$
declare
    each regprocedure;
    -- What servers call; the rest is called by these, or by the operator.
    called text[] := array['administer', 'admin_create', 'admin_invite', 'admin_people', 'admin_count_people',
                           'admin_sessions', 'admin_policy', 'admin_set_policy', 'admin_groups', 'admin_make_group',
                           'admin_remove_group', 'admin_set_group', 'admin_events', 'admin_note_export', 'administered_tenant',
                           'demands_factor'];
    inner_ones text[] := array['tenant_of', 'tenant_role_of', 'admin_target', 'end_sessions', 'note_admin', 'is_last_owner',
                               'do_administer', 'accept_invitation', 'policy_of', 'make_tenant', 'appoint'];
begin
    for each in select oid::regprocedure from pg_catalog.pg_proc
                where pronamespace = 'private'::regnamespace and proname = any(called || inner_ones) loop
        execute format('revoke all on function %s from public, anon, authenticated, cyphr_app', each);
        if (select proname from pg_catalog.pg_proc where oid = each) = any(called) then
            execute format('grant execute on function %s to cyphr_app', each);
        end if;
    end loop;
end
$$;
