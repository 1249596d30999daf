-- The whole schema, for readers; the truth is in migrations/ and its neighbours. Made by scripts/generate.py.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

-- Name: cyphr; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA cyphr;

-- Name: private; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA private;

-- Name: public; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA public;

-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA public IS 'standard public schema';

-- Name: pass_fence(); Type: FUNCTION; Schema: cyphr; Owner: -

CREATE FUNCTION cyphr.pass_fence() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    -- Not delete: a publication of all tables would want a replica identity for it.
    insert into cyphr.fence select where false;
    return null;
end
$$;

-- Name: refuse_write(); Type: FUNCTION; Schema: cyphr; Owner: -

CREATE FUNCTION cyphr.refuse_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    raise exception using
        errcode = 'CY001',
        message = 'this database may not be written: it has moved to the other side',
        hint = 'Run the whole transaction again on the side that cyphr.switchboard names.';
end
$$;

-- Name: accept_invitation(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.accept_invitation(p_user_id uuid, p_email text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    with accepted as (
        select tenant_id, role from public.tenant_invitations
        where email = p_email and expires_at > now() order by invited_at desc limit 1
    ), gone as (
        delete from public.tenant_invitations where email = p_email
    )
    insert into public.tenant_members (user_id, tenant_id, role) select p_user_id, tenant_id, role from accepted
$$;

-- Name: add_factor(uuid, text, text, bytea, bytea, bytea, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.add_factor(p_id uuid, p_kind text, p_name text, p_secret bytea, p_credential_id bytea, p_public_key bytea, p_counter bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: add_members(uuid, uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.add_members(p_chat_id uuid, p_user_ids uuid[]) RETURNS TABLE(outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine    text := private.enter_chat(p_chat_id);
    chat    public.chats;
    present uuid[];
begin
    select * into chat from public.chats where id = p_chat_id;
    present := private.live_members(p_chat_id);
    user_ids := array(
        select person.id from public.users person
        where person.id = any (p_user_ids) and person.id <> all (present) and private.may_add(person.id)
          and not exists (select from public.chat_bans ban where ban.chat_id = p_chat_id and ban.user_id = person.id));
    outcome := case
        when mine is null then 'not_found'
        when mine = 'direct' then mine
        when private.rank_of(mine) < private.rank_of(chat.who_may_add) then 'not_allowed'
        when (select count(*) from public.users where id = any (p_user_ids)) < cardinality(p_user_ids) then 'no_such_person'
        when cardinality(present) + cardinality(user_ids) > 1024 then 'full'
        else 'done'
    end;
    if outcome = 'done' and user_ids <> '{}' then
        perform private.enrol(p_chat_id, user_ids);
        notice := private.post_notice(
            p_chat_id, auth.uid(), jsonb_build_object('event', 'member_added', 'user_ids', user_ids));
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- Name: admin_count_people(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_count_people(p_words text) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select count(*) from private.admin_people(
        p_words, null, null, 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 0, null
    )
$$;

-- Name: admin_create(uuid, text, text, text, text, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_create(p_user_id uuid, p_email text, p_email_hash text, p_full_name text, p_role text, p_address inet) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: admin_events(bigint, uuid, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_events(p_before bigint, p_user_id uuid, p_limit integer) RETURNS TABLE(seq bigint, at timestamp with time zone, event text, actor uuid, subject uuid, session uuid, address text, details jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: admin_groups(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_groups() RETURNS TABLE(id uuid, name text, created_at timestamp with time zone, member_ids uuid[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select own.id, own.name, own.created_at,
           (select coalesce(array_agg(belongs.user_id order by belongs.since, belongs.user_id), '{}')
            from public.tenant_group_members belongs where belongs.group_id = own.id)
    from private.administered_tenant() scope
    join public.tenant_groups own on own.tenant_id = scope.tenant_id
    order by own.name
$$;

-- Name: admin_invite(text, text, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_invite(p_email text, p_role text, p_address inet) RETURNS TABLE(outcome text, taken boolean, tenant text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: admin_make_group(uuid, text, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_make_group(p_group_id uuid, p_name text, p_address inet) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: admin_note_export(integer, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_note_export(p_people integer, p_address inet) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select private.note_admin('exported', null, null, p_address, jsonb_build_object('people', p_people))
$$;

-- Name: tenant_of(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.tenant_of(p_user_id uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select coalesce((select member.tenant_id from public.tenant_members member where member.user_id = p_user_id),
                    '00000000-0000-4000-8000-000000000001')
$$;

-- Name: tenant_role_of(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.tenant_role_of(p_user_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select coalesce((select member.role from public.tenant_members member where member.user_id = p_user_id), 'member')
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

-- Name: account_emails; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.account_emails (
    user_id uuid NOT NULL,
    email text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT account_emails_email_check CHECK ((email = lower(email)))
);

-- Name: mfa_factors; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.mfa_factors (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    secret bytea,
    credential_id bytea,
    public_key bytea,
    last_counter bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    confirmed_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT mfa_factors_check CHECK (
CASE kind
    WHEN 'totp'::text THEN (secret IS NOT NULL)
    ELSE (num_nulls(credential_id, public_key) = 0)
END),
    CONSTRAINT mfa_factors_kind_check CHECK ((kind = ANY (ARRAY['totp'::text, 'passkey'::text])))
);

-- Name: sessions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    device text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    method text DEFAULT 'pin'::text NOT NULL,
    factors text[] DEFAULT '{}'::text[] NOT NULL,
    name text,
    device_id uuid,
    address inet,
    user_agent text,
    proved_at timestamp with time zone,
    exchanged_at timestamp with time zone,
    CONSTRAINT sessions_method_check CHECK ((method = ANY (ARRAY['pin'::text, 'password'::text, 'cognito'::text, 'passkey'::text, 'supabase'::text])))
);

-- Name: tenant_group_members; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_group_members (
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: tenant_groups; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_groups (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: users; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    phone character varying(20),
    phone_hash character varying(128),
    full_name character varying(255) NOT NULL,
    nickname character varying(100),
    avatar_url text,
    unique_id uuid DEFAULT gen_random_uuid(),
    public_key text,
    encrypted_private_key text,
    status character varying(20) DEFAULT 'offline'::character varying,
    is_online boolean DEFAULT false,
    last_seen timestamp with time zone DEFAULT now(),
    socket_id character varying(100),
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    cyphr_id character varying(100),
    phone_discovery_enabled boolean DEFAULT false,
    nearby_discovery_enabled boolean DEFAULT false,
    share_link_enabled boolean DEFAULT true,
    cyphr_id_changed_at timestamp with time zone,
    email_hash character varying(128),
    password_hash character varying(255),
    auth_method character varying(20) DEFAULT 'phone'::character varying,
    pin_hash character varying(255),
    biometric_enabled boolean DEFAULT false,
    last_session_expiry timestamp with time zone,
    suspended_at timestamp with time zone
);

-- Name: administered_people; Type: VIEW; Schema: private; Owner: -

CREATE VIEW private.administered_people AS
 SELECT person.id,
    (person.full_name)::text AS full_name,
    (person.cyphr_id)::text AS cyphr_id,
    address.email,
    private.tenant_of(person.id) AS tenant_id,
    private.tenant_role_of(person.id) AS role,
    person.suspended_at,
    person.created_at,
    person.updated_at,
    (person.pin_hash IS NOT NULL) AS has_pin,
    ( SELECT max(held.last_used_at) AS max
           FROM public.sessions held
          WHERE (held.user_id = person.id)) AS last_used_at,
    (( SELECT count(*) AS count
           FROM public.mfa_factors factor
          WHERE ((factor.user_id = person.id) AND (factor.confirmed_at IS NOT NULL))))::integer AS factors,
    ( SELECT COALESCE(array_agg(own.id ORDER BY own.name), '{}'::uuid[]) AS "coalesce"
           FROM (public.tenant_group_members belongs
             JOIN public.tenant_groups own ON ((own.id = belongs.group_id)))
          WHERE (belongs.user_id = person.id)) AS group_ids,
    ( SELECT COALESCE(array_agg(own.name ORDER BY own.name), '{}'::text[]) AS "coalesce"
           FROM (public.tenant_group_members belongs
             JOIN public.tenant_groups own ON ((own.id = belongs.group_id)))
          WHERE (belongs.user_id = person.id)) AS group_names
   FROM (public.users person
     LEFT JOIN public.account_emails address ON ((address.user_id = person.id)));

-- Name: admin_people(text, boolean, uuid, timestamp with time zone, uuid, integer, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_people(p_words text, p_suspended boolean, p_user_id uuid, p_moment timestamp with time zone, p_id uuid, p_offset integer, p_limit integer) RETURNS SETOF private.administered_people
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: admin_policy(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_policy() RETURNS TABLE(pin_length integer, session_days integer, require_mfa boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select own.* from private.administered_tenant() scope, private.policy_of(scope.tenant_id) own
$$;

-- Name: admin_remove_group(uuid, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_remove_group(p_group_id uuid, p_address inet) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: admin_sessions(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_sessions(p_user_id uuid) RETURNS TABLE(id uuid, device text, method text, address text, user_agent text, created_at timestamp with time zone, last_used_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select held.id, coalesce(held.name, held.device), held.method, host(held.address), held.user_agent, held.created_at,
           held.last_used_at
    from public.sessions held
    join private.administered_tenant() scope on scope.tenant_id = private.tenant_of(held.user_id)
    where held.user_id = p_user_id and held.revoked_at is null and held.expires_at > now()
    order by held.last_used_at desc
$$;

-- Name: admin_set_group(uuid, uuid, boolean, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_set_group(p_group_id uuid, p_user_id uuid, p_in boolean, p_address inet) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: admin_set_policy(integer, integer, boolean, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_set_policy(p_pin_length integer, p_session_days integer, p_require_mfa boolean, p_address inet) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: admin_target(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admin_target(p_user_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: administer(text, uuid, text, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.administer(p_act text, p_user_id uuid, p_argument text, p_address inet) RETURNS TABLE(outcome text, ended uuid[], email text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: administered_tenant(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.administered_tenant() RETURNS TABLE(tenant_id uuid, role text, actor uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: administers(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.administers(p_chat_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select private.is_admin(p_chat_id)
       and exists (select from public.chats where id = p_chat_id and type is distinct from 'direct')
$$;

-- Name: admit_session(uuid, text, uuid, bytea, timestamp with time zone, text, uuid, inet, text, bytea, bytea); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.admit_session(p_user_id uuid, p_method text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device text, p_device_id uuid, p_address inet, p_user_agent text, p_challenge_hash bytea, p_nonce bytea) RETURNS TABLE(outcome text, factors text[], id uuid, full_name text, cyphr_id text, avatar_url text, stranger boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: adopt_session(uuid, text, text, timestamp with time zone, timestamp with time zone, boolean); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.adopt_session(p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamp with time zone, p_expires_at timestamp with time zone, p_strong boolean) RETURNS TABLE(outcome text, user_id uuid, fresh boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: advance_watermarks(uuid[], uuid[], bigint[], bigint[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.advance_watermarks(p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]) RETURNS TABLE(user_id uuid, chat_id uuid, received_seq bigint, read_seq bigint, told_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
    perform private.require_authority();
    return query
        with wanted as materialized (
            select member.id, member.received_seq as received_before, member.read_seq as read_before,
                   greatest(member.received_seq, least(greatest(given.received, given.read), chat.last_seq)) as received,
                   greatest(member.read_seq, least(given.read, chat.last_seq)) as read
            from unnest(p_user_ids, p_chat_ids, p_received, p_read) as given (user_id, chat_id, received, read)
            cross join lateral (
                select one.id from public.chat_participants one
                where one.chat_id = given.chat_id and one.user_id = given.user_id limit 1) mine
            join public.chats chat on chat.id = given.chat_id
            join public.chat_participants member on member.id = mine.id and member.left_at is null
            order by member.id
            for no key update of member
        ), moved as (
            update public.chat_participants member
            set received_seq = wanted.received,
                read_seq = wanted.read,
                last_read_message_id = coalesce(
                    (select message.id from public.messages message
                     where message.chat_id = member.chat_id and message.seq = wanted.read and wanted.read > member.read_seq),
                    member.last_read_message_id)
            from wanted
            where member.id = wanted.id and (member.received_seq, member.read_seq) <> (wanted.received, wanted.read)
            returning member.user_id, member.chat_id, member.received_seq, member.read_seq,
                      case when member.read_seq > wanted.read_before then wanted.read_before
                           else wanted.received_before end as before
        ), members as materialized (
            select other.chat_id, array_agg(other.user_id) as ids from public.chat_participants other
            where other.chat_id in (select one.chat_id from moved one) and other.left_at is null
            group by other.chat_id
        ), authors as (
            -- Once for all who went the same way: in a large chat everybody does.
            select way.chat_id, way.before, way.received_seq,
                   (select coalesce(array_agg(distinct message.sender_id), '{}') from public.messages message
                    where message.chat_id = way.chat_id and message.seq <= way.received_seq
                      and message.seq > greatest(way.before, way.received_seq - 256)) as ids
            from (select distinct moved.chat_id, moved.before, moved.received_seq
                  from moved join members on members.chat_id = moved.chat_id
                  where cardinality(members.ids) > 32) way
        )
        select moved.user_id, moved.chat_id, moved.received_seq, moved.read_seq,
               case when authors.ids is not null then authors.ids || moved.user_id
                    else members.ids
               end
        from (select moved.*, row_number() over (partition by moved.chat_id) = 1 as is_first from moved) moved
        left join members on members.chat_id = moved.chat_id and moved.is_first
        left join authors on authors.chat_id = moved.chat_id and authors.before = moved.before
                             and authors.received_seq = moved.received_seq;
end
$$;

-- Name: appoint(text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.appoint(p_email text, p_role text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

-- Name: audit_log; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.audit_log (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    event text NOT NULL,
    actor uuid,
    subject uuid,
    session uuid,
    tenant uuid,
    address inet,
    details jsonb DEFAULT '{}'::jsonb NOT NULL
);

-- Name: audit_canonical(bigint, public.audit_log); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.audit_canonical(p_seq bigint, p_event public.audit_log) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select 'cyphr-audit-1,' || private.audit_field(p_seq::text) || private.audit_field(p_event.id::text)
        || private.audit_field(to_char(p_event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        || private.audit_field(p_event.event) || private.audit_field(p_event.actor::text)
        || private.audit_field(p_event.subject::text) || private.audit_field(p_event.session::text)
        || private.audit_field(p_event.tenant::text) || private.audit_field(host(p_event.address))
        || private.audit_field(p_event.details::text)
$$;

-- Name: audit_field(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.audit_field(p_value text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select coalesce(octet_length(convert_to(p_value, 'UTF8'))::text || ':' || p_value, '-') || ','
$$;

-- Name: begin_challenge(bytea, text, uuid, uuid, bytea, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.begin_challenge(p_token_hash bytea, p_purpose text, p_user_id uuid, p_session_id uuid, p_nonce bytea, p_device_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.sign_in_challenges where expires_at < now();
    insert into public.sign_in_challenges (token_hash, purpose, user_id, session_id, nonce, device_id, expires_at)
    values (p_token_hash, p_purpose, p_user_id, p_session_id, p_nonce, p_device_id, now() + interval '5 minutes');
$$;

-- Name: begin_cognito_sign_up(uuid, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.begin_cognito_sign_up(p_username uuid, p_email text, p_full_name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: begin_factor_try(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.begin_factor_try(p_user_id uuid) RETURNS TABLE(allowed boolean, retry_after integer, last boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: begin_sign_in(text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.begin_sign_in(p_email text, p_email_hash text) RETURNS TABLE(allowed boolean, retry_after integer, user_id uuid, pin_hash text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select allowed, retry_after, user_id, pin_hash from private.begin_sign_in(p_email, p_email_hash, null, 0)
$$;

-- Name: begin_sign_in(text, text, inet, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.begin_sign_in(p_email text, p_email_hash text, p_address inet, p_most integer) RETURNS TABLE(allowed boolean, retry_after integer, user_id uuid, pin_hash text, last boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: blind_to_reading(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.blind_to_reading(p_reader uuid, p_chat_id uuid) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return (
        select array_agg(member.user_id)
        from public.chat_participants member
        where member.chat_id = p_chat_id and member.left_at is null and member.user_id <> p_reader
          and exists (select from public.privacy_settings hidden
                      where not hidden.read_receipts and hidden.user_id in (member.user_id, p_reader)));
end
$$;

-- Name: block(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.block(p_user_id uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if p_user_id = auth.uid() then
        return 'self';
    end if;
    insert into public.user_blocks (blocker_id, blocked_id)
    select auth.uid(), person.id from public.users person where person.id = p_user_id
    on conflict do nothing;
    return case when exists (select from public.user_blocks where blocker_id = auth.uid() and blocked_id = p_user_id)
                then 'blocked' else 'no_such_person' end;
end
$$;

-- Name: can_read(uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.can_read(chat uuid, message_seq bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.chat_participants
        where chat_id = chat and user_id = (select auth.uid()) and left_at is null
          and (message_seq is null or message_seq > visible_from_seq)
    )
$$;

-- Name: chain_security_event(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.chain_security_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    head public.audit_head;
begin
    select * into head from public.audit_head for update;
    if not found then
        -- The first event of all. Two that are the first at once: the second waits here for the first to commit.
        insert into public.audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex')) on conflict do nothing;
        select * into head from public.audit_head for update;
    end if;
    head.seq := head.seq + 1;
    head.hash := sha256(head.hash || convert_to(private.audit_canonical(head.seq, new), 'UTF8'));
    insert into public.audit_chain (seq, event_id, hash) values (head.seq, new.id, head.hash);
    update public.audit_head set seq = head.seq, hash = head.hash;
    return null;
end
$$;

-- Name: change_disappearing(uuid, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.change_disappearing(p_chat_id uuid, p_seconds integer) RETURNS TABLE(outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine text := private.enter_chat(p_chat_id);
begin
    outcome := case when mine is null then 'not_found'
                    when mine <> 'direct' and private.rank_of(mine) < 2 then 'not_allowed' else 'done' end;
    if outcome = 'done' then
        update public.chats set disappear_after = p_seconds
        where id = p_chat_id and disappear_after is distinct from p_seconds;
        if found then
            notice := private.post_notice(p_chat_id, auth.uid(), jsonb_build_object(
                'event', 'chat_changed', 'changes', jsonb_build_object('disappear_after', p_seconds)));
        end if;
    end if;
    user_ids := '{}';
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- Name: change_group(uuid, jsonb); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.change_group(p_chat_id uuid, p_changes jsonb) RETURNS TABLE(outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine    text := private.enter_chat(p_chat_id);
    chat    public.chats;
    wanted  public.chats;
    rules   constant text[] := array['who_may_send', 'who_may_add', 'who_may_change', 'history'];
begin
    select * into chat from public.chats where id = p_chat_id;
    wanted := jsonb_populate_record(chat, p_changes);
    outcome := case
        when mine is null then 'not_found'
        when mine = 'direct' then mine
        when private.rank_of(mine) < private.rank_of(chat.who_may_change) then 'not_allowed'
        when private.rank_of(mine) < 2 and p_changes ?| rules then 'not_allowed'
        else 'done'
    end;
    user_ids := '{}';
    if outcome = 'done' and wanted is distinct from chat then
        update public.chats set name = wanted.name, avatar_url = wanted.avatar_url, who_may_send = wanted.who_may_send,
            who_may_add = wanted.who_may_add, who_may_change = wanted.who_may_change, history = wanted.history
        where id = p_chat_id;
        notice := private.post_notice(
            p_chat_id, auth.uid(), jsonb_build_object('event', 'chat_changed', 'changes', p_changes));
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- Name: check_pushes(interval, interval, integer, uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.check_pushes(p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    due  uuid[];
    late bigint[];
    idle uuid[];
begin
    select array_agg(found.chat_id), array_agg(found.seq) into due, late
    from (
        select held.chat_id,
               greatest(p_seq, (select message.seq from public.messages message
                                where message.chat_id = held.chat_id and message.created_at <= now() - p_after
                                order by message.created_at desc, message.seq desc limit 1), 0) as seq
        from public.push_checks held
        where (p_chat_id is null and held.since <= now() - p_after) or held.chat_id = p_chat_id
        order by held.since limit p_limit
        for update of held skip locked
    ) found;
    if due is null then
        return 0;
    end if;
    insert into public.push_state as held (device, chat_id, wanted_seq)
    select endpoint.device, member.chat_id, checked.seq
    from unnest(due, late) as checked (chat_id, seq)
    join public.chat_participants member
        on member.chat_id = checked.chat_id and member.left_at is null and member.received_seq < checked.seq
    join public.push_endpoints endpoint on endpoint.user_id = member.user_id
    where exists (
        select from public.messages message
        where message.chat_id = member.chat_id and message.seq <= checked.seq
          and message.seq > greatest(member.received_seq, member.visible_from_seq)
          and private.is_news(message, member.user_id)
    )
    order by endpoint.device, member.chat_id
    on conflict (device, chat_id) do update
    set wanted_seq = excluded.wanted_seq,
        -- What is being sent or sent again is joined; else the device is left in peace for a while after the push before.
        due_at = case when held.wanted_seq > held.pushed_seq and held.tries > 0 then held.due_at
                      else greatest(now(), held.pushed_at + p_collapse) end
    where held.wanted_seq < excluded.wanted_seq;
    update public.push_checks held
    set since = coalesce((select message.created_at from public.messages message
                          where message.chat_id = held.chat_id and message.seq > checked.seq
                          order by message.seq limit 1), now())
    from unnest(due, late) as checked (chat_id, seq)
    where held.chat_id = checked.chat_id;
    -- Whoever stores a message holds its chat. So a chat that can be held here has no message under way, and what was
    -- committed before is seen by the next statement: a check is ended only when nothing can have relied on it.
    select array_agg(free.id) into idle
    from (select chat.id from public.chats chat where chat.id = any (due) for no key update skip locked) free;
    delete from public.push_checks held
    using unnest(due, late) as checked (chat_id, seq)
    where held.chat_id = checked.chat_id and held.chat_id = any (idle)
      and not exists (select from public.messages message
                      where message.chat_id = held.chat_id and message.seq > checked.seq);
    return cardinality(due);
end
$$;

-- Name: clear_direct_chat(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.clear_direct_chat(p_chat_id uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    chat public.chats;
begin
    if not private.is_member(p_chat_id) then
        return null;
    end if;
    -- Locked, so that a message that is being stored now is either gone with the others or brings the chat back.
    select * into chat from public.chats where id = p_chat_id for update;
    if chat.type = 'group' then
        return -1;
    end if;
    update public.chat_participants member
    set visible_from_seq = chat.last_seq, hidden_through_seq = chat.last_seq, pin_place = null, archived_seq = null,
        received_seq = chat.last_seq, read_seq = chat.last_seq
    where member.chat_id = p_chat_id and member.user_id = auth.uid();
    return chat.last_seq;
end
$$;

-- Name: confirm_factor(uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.confirm_factor(p_id uuid, p_counter bigint) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.mfa_factors set confirmed_at = now(), last_counter = p_counter
    where id = p_id and user_id = (select auth.uid()) and confirmed_at is null
    returning true
$$;

-- Name: count_members(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.count_members(p_chat_id uuid) RETURNS integer
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if not private.is_member(p_chat_id) then
        return null;
    end if;
    return (select count(*) from public.chat_participants where chat_id = p_chat_id and left_at is null);
end
$$;

-- Name: count_news(uuid, bigint, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.count_news(p_chat_id uuid, p_seq bigint, p_user_id uuid) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select count(*) from (
        select from public.messages message
        where message.chat_id = p_chat_id and message.seq > p_seq and private.is_news(message, p_user_id)
        limit 100
    ) counted
$$;

-- Name: count_recovery_codes(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.count_recovery_codes() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select count(*)::integer from public.recovery_codes where user_id = (select auth.uid()) and used_at is null
$$;

-- Name: counted_address(inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.counted_address(p_address inet) RETURNS inet
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select case family(p_address) when 6 then network(set_masklen(p_address, 64))::inet else p_address end
$$;

-- Name: create_group(uuid, text, uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if auth.uid() is null
       or (select count(*) from public.users where id = any (p_members)) <> cardinality(p_members) then
        return null;
    end if;
    insert into public.chats (id, type, name, created_by) values (p_chat_id, 'group', p_name, auth.uid());
    insert into public.chat_participants (chat_id, user_id, role)
    select p_chat_id, member, case when member = auth.uid() then 'owner' else 'member' end
    from unnest(p_members) member
    where member = auth.uid() or private.may_add(member);
    return array(select user_id from public.chat_participants where chat_id = p_chat_id);
end
$$;

-- Name: create_invite(uuid, uuid, text, timestamp with time zone, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.create_invite(p_invite_id uuid, p_chat_id uuid, p_token text, p_expires_at timestamp with time zone, p_max_uses integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine text := private.enter_chat(p_chat_id);
begin
    if mine is null then
        return 'not_found';
    elsif mine = 'direct' then
        return mine;
    elsif private.rank_of(mine) < 2 then
        return 'not_allowed';
    elsif (select count(*) from public.chat_invites where chat_id = p_chat_id and revoked_at is null
           and (expires_at is null or expires_at > now()) and (max_uses is null or uses < max_uses)) >= 50 then
        return 'too_many';
    end if;
    insert into public.chat_invites (id, chat_id, token, created_by, expires_at, max_uses)
    values (p_invite_id, p_chat_id, p_token, auth.uid(), p_expires_at, p_max_uses);
    return 'done';
end
$$;

-- Name: delete_message(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.delete_message(p_chat_id uuid, p_message_id uuid) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    held public.messages;
begin
    perform private.lock_own_chat(p_chat_id);
    select message.* into held from public.messages message
    where message.id = p_message_id and message.chat_id = p_chat_id
      and private.knows_of(p_chat_id, p_message_id, message.seq)
    for no key update of message;
    outcome := case
        when held.id is null then 'not_found'
        when held.message_type = 'notice' then 'notice'
        when held.sender_id <> auth.uid() and not private.administers(p_chat_id) then 'not_allowed'
        when held.deleted_at is not null or held.expires_at <= clock_timestamp() then 'same'
    end;
    if outcome is not null then
        return query select * from private.no_change(outcome, held);
        return;
    end if;
    perform private.empty_message(held.id, clock_timestamp());
    return query select * from private.number_change(p_chat_id, p_message_id, held.seq);
end
$$;

-- Name: demands_factor(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.demands_factor(p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select own.require_mfa and private.factors_of(p_user_id) = '{}'
    from private.policy_of(private.tenant_of(p_user_id)) own
$$;

-- Name: do_administer(text, uuid, text, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.do_administer(p_act text, p_user_id uuid, p_argument text, p_tenant uuid) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: edit_message(uuid, uuid, text, jsonb, uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.edit_message(p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    held  public.messages;
    edits integer;
begin
    perform private.lock_own_chat(p_chat_id);
    select message.* into held from public.messages message
    where message.id = p_message_id and message.chat_id = p_chat_id
      and private.knows_of(p_chat_id, p_message_id, message.seq)
    for no key update of message;
    select count(*) into edits from public.message_edits where message_id = p_message_id;
    outcome := case
        when held.id is null then 'not_found'
        when held.deleted_at is not null or held.expires_at <= clock_timestamp() then 'gone'
        when held.sender_id <> auth.uid() then 'not_sender'
        when coalesce(held.message_type, 'text') <> 'text' or held.forwarded_from is not null then 'not_text'
        when (held.content, held.formatting, held.mentions) is not distinct from (p_content, p_formatting, p_mentions)
            then 'same'
        when held.created_at is null or held.created_at < clock_timestamp() - interval '15 minutes' then 'too_late'
        when edits >= 50 then 'too_often'
        when exists (select from unnest(p_mentions) as named (user_id)
                     where not exists (select from public.chat_participants other
                                       where other.chat_id = p_chat_id and other.user_id = named.user_id
                                         and other.left_at is null)) then 'mention'
    end;
    if outcome is not null then
        return query select * from private.no_change(outcome, held);
        return;
    end if;
    insert into public.message_edits (message_id, number, content, formatting, written_at)
    values (held.id, edits + 1, held.content, held.formatting, coalesce(held.edited_at, held.created_at));
    update public.messages message
    set content = p_content, formatting = p_formatting, mentions = p_mentions, edited_at = clock_timestamp()
    where message.id = held.id;
    return query select * from private.number_change(p_chat_id, p_message_id, held.seq);
end
$$;

-- Name: empty_message(uuid, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.empty_message(p_message_id uuid, p_deleted_at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.message_edits where message_id = p_message_id;
    delete from public.message_reactions where message_id = p_message_id;
    update public.messages
    set content = null, formatting = null, mentions = null, forwarded_from = null, edited_at = null, reply_to_id = null,
        file_url = null, file_type = null, file_size = null, thumbnail_url = null, deleted_at = p_deleted_at
    where id = p_message_id
$$;

-- Name: end_sessions(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.end_sessions(p_user_id uuid) RETURNS uuid[]
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    with gone as (
        update public.sessions set revoked_at = now() where user_id = p_user_id and revoked_at is null returning id
    )
    select coalesce(array_agg(id), '{}') from gone
$$;

-- Name: ended_lately(double precision); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.ended_lately(p_seconds double precision) RETURNS TABLE(user_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select held.user_id, held.id from public.sessions held
    where held.revoked_at > now() - make_interval(secs => p_seconds)
$$;

-- Name: enrol(uuid, uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.enrol(p_chat_id uuid, p_user_ids uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    insert into public.chat_participants as member
        (chat_id, user_id, role, joined_at, visible_from_seq, received_seq, read_seq)
    select chat.id, person, 'member', clock_timestamp(),
           case chat.history when 'start' then 0 else chat.last_seq end, chat.last_seq, chat.last_seq
    from public.chats chat, unnest(p_user_ids) person
    where chat.id = p_chat_id
    on conflict (chat_id, user_id) do update
    set role = 'member', left_at = null, joined_at = excluded.joined_at, visible_from_seq = excluded.visible_from_seq,
        received_seq = excluded.received_seq, read_seq = excluded.read_seq, archived_seq = null, pin_place = null,
        hidden_through_seq = null
$$;

-- Name: enter_chat(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.enter_chat(p_chat_id uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    kind text;
begin
    if not private.is_member(p_chat_id) then
        return null;
    end if;
    select type into kind from public.chats where id = p_chat_id for update;
    if not private.is_member(p_chat_id) then
        return null;
    end if;
    if kind is distinct from 'group' then
        return 'direct';
    end if;
    update public.chat_participants set role = 'owner'
    where chat_id = p_chat_id and user_id = private.heir_of(p_chat_id);
    return private.role_of(p_chat_id, auth.uid());
end
$$;

-- Name: exchangeable(uuid, text, text, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.exchangeable(p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamp with time zone) RETURNS TABLE(outcome text, user_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select case
            when person is null then 'unknown'
            when held.revoked_at is not null or held.exchanged_at < now() - interval '1 minute' then 'ended'
            else 'live'
        end, person
    from (select private.known_as(p_issuer, p_subject, p_began_at) as person) known
    left join public.sessions held on held.id = p_session_id
$$;

-- Name: factors_of(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.factors_of(p_user_id uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: find_messages(text, uuid, timestamp with time zone, uuid, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.find_messages(p_words text, p_chat_id uuid, p_before timestamp with time zone, p_before_id uuid, p_limit integer) RETURNS TABLE(message_id uuid, created_at timestamp with time zone, snippet text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    words tsquery := websearch_to_tsquery('pg_catalog.russian', p_words);
    chats tsquery := (
        select string_agg(format('''%s''', member.chat_id), ' | ')::tsquery from public.chat_participants member
        where member.user_id = auth.uid() and member.left_at is null and member.chat_id = coalesce(p_chat_id, member.chat_id));
begin
    if numnode(words) = 0 or chats is null then
        return;
    end if;
    return query
    select found.id, found.created_at,
           ts_headline('pg_catalog.russian', translate(found.content, chr(2) || chr(3), ''), words,
                       format('StartSel=%s, StopSel=%s, MaxWords=30, MinWords=10, MaxFragments=2, FragmentDelimiter=" … "',
                              chr(2), chr(3)))
    from (
        select message.id, message.created_at, message.content
        from public.messages message
        join public.chat_participants me
            on me.chat_id = message.chat_id and me.user_id = auth.uid() and me.left_at is null
               and message.seq > me.visible_from_seq
        where (to_tsvector('pg_catalog.russian'::regconfig, message.content)
               || array_to_tsvector(array[message.chat_id::text])) @@ (words && chats)
          and message.content is not null and message.message_type is distinct from 'notice'
          and message.deleted_at is null and (message.expires_at is null or message.expires_at > now())
          and (message.created_at, message.id) < (p_before, p_before_id)
          and not exists (select from public.hidden_messages hidden
                          where hidden.user_id = me.user_id and hidden.message_id = message.id)
        order by message.created_at desc, message.id desc
        limit p_limit
    ) found
    order by found.created_at desc, found.id desc;
end
$$;

-- Name: find_passkey(bytea); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.find_passkey(p_credential_id bytea) RETURNS TABLE(id uuid, user_id uuid, kind text, secret bytea, credential_id bytea, public_key bytea, last_counter bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select id, user_id, kind, secret, credential_id, public_key, last_counter from public.mfa_factors
    where credential_id = p_credential_id and confirmed_at is not null
$$;

-- Name: find_person(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.find_person(p_cyphr_id text) RETURNS TABLE(id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select person.id, person.full_name, person.cyphr_id, private.shown_picture(person.id, person.avatar_url)
    from public.users person
    where person.cyphr_id = p_cyphr_id and (select auth.uid()) is not null
$$;

-- Name: finish_cognito_sign_up(uuid, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.finish_cognito_sign_up(p_username uuid, p_sub text, p_email_hash text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: finish_pushes(uuid[], uuid[], bigint[], boolean[], interval); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.finish_pushes(p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.push_state held
    set pushed_seq = case when sent.silent then held.pushed_seq else greatest(held.pushed_seq, sent.seq) end,
        badged_seq = greatest(held.badged_seq, sent.seq),
        pushed_at  = now(),
        due_at     = case when sent.silent then now() else now() + p_collapse end,
        tries      = 0
    from unnest(p_devices, p_chat_ids, p_seqs, p_silent) as sent (device, chat_id, seq, silent)
    where held.device = sent.device and held.chat_id = sent.chat_id
$$;

-- Name: first_members(uuid[], integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.first_members(p_chat_ids uuid[], p_limit integer) RETURNS TABLE(chat_id uuid, user_id uuid, full_name text, cyphr_id text, avatar_url text, role text, received_seq bigint, read_seq bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select listed.chat_id, person.id, person.full_name::text, person.cyphr_id::text,
               private.shown_picture(person.id, person.avatar_url), listed.shown::text, listed.received,
               private.shown_read_seq(person.id, listed.read)
        from unnest(p_chat_ids) wanted
        cross join lateral (select wanted as id, private.heir_of(wanted) as heir
                            where private.is_member(wanted)) mine
        cross join lateral (
            select member.chat_id, member.user_id, member.received_seq as received, member.read_seq as read,
                   member.joined_at as joined,
                   case when member.user_id = mine.heir then 'owner' else coalesce(member.role, 'member') end as shown
            from public.chat_participants member
            where member.chat_id = mine.id and member.left_at is null
            order by private.rank_of(case when member.user_id = mine.heir then 'owner' else member.role end) desc,
                     member.user_id = auth.uid() desc, member.joined_at, member.user_id
            limit p_limit
        ) listed
        join public.users person on person.id = listed.user_id
        order by private.rank_of(listed.shown) desc, listed.user_id = auth.uid() desc, listed.joined, listed.user_id;
end
$$;

-- Name: forget_device(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forget_device(p_session_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.known_devices known
    using public.sessions session
    where session.id = p_session_id and session.user_id = (select auth.uid())
      and known.user_id = session.user_id and known.device_id = session.device_id
$$;

-- Name: forget_endpoint(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forget_endpoint(p_device uuid, p_token text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.push_endpoints where device = p_device and token = p_token
$$;

-- Name: forget_endpoints_of_session(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forget_endpoints_of_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    delete from public.push_endpoints where session_id = new.id;
    return null;
end
$$;

-- Name: forget_imported_password(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forget_imported_password(p_user_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    insert into public.imported_passwords as held (user_id, forgotten_at) values (p_user_id, clock_timestamp())
    on conflict (user_id) do update set email = null, bcrypt = null, forgotten_at = excluded.forgotten_at
$$;

-- Name: forgive_address(inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forgive_address(p_address inet) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.sign_in_addresses set failed = greatest(0, failed - 1)
    where address = private.counted_address(p_address)
$$;

-- Name: forgive_factor_tries(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forgive_factor_tries(p_user_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.mfa_attempts set failed = 0, locked_until = null, updated_at = now() where user_id = p_user_id
$$;

-- Name: forgive_sign_in(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.forgive_sign_in(p_email_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.sign_in_attempts set failed = 0, locked_until = null, updated_at = now()
    where email_hash = p_email_hash
$$;

-- Name: has_password(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.has_password(p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (select from public.sign_in_methods known where known.user_id = p_user_id and known.method = 'password')
        or exists (select from public.imported_passwords held where held.user_id = p_user_id and held.bcrypt is not null)
$$;

-- Name: hearers_of(uuid, uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.hearers_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) RETURNS TABLE(seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select array_agg(member.user_id) filter (where judged.sees), array_agg(member.user_id) filter (where not judged.sees)
    from public.chat_participants member
    cross join lateral (
        select p_seq > member.visible_from_seq and not exists (
            select from public.hidden_messages hidden
            where hidden.user_id = member.user_id and hidden.message_id = p_message_id) as sees
    ) judged
    where member.chat_id = p_chat_id and member.left_at is null
$$;

-- Name: heir_of(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.heir_of(chat uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select member.user_id
    from public.chats known
    join public.chat_participants member on member.chat_id = known.id and member.left_at is null
    where known.id = chat and known.type = 'group'
      and not exists (
          select from public.chat_participants owner
          where owner.chat_id = chat and owner.left_at is null and owner.role = 'owner')
    order by coalesce(member.user_id = known.created_by, false) desc, coalesce(member.role = 'admin', false) desc,
             member.joined_at nulls first, member.user_id
    limit 1
$$;

-- Name: hide_message(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.hide_message(p_chat_id uuid, p_message_id uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    place bigint;
begin
    select message.seq into place from public.messages message
    where message.id = p_message_id and message.chat_id = p_chat_id and private.can_read(p_chat_id, message.seq);
    if place is not null then
        insert into public.hidden_messages (user_id, message_id) values (auth.uid(), p_message_id) on conflict do nothing;
    end if;
    return place;
end
$$;

-- Name: hold_service(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.hold_service(p_service text) RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select side from cyphr.switchboard where service = p_service for share
$$;

-- Name: invited_to(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.invited_to(p_token text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select invite.chat_id
    from public.chat_invites invite
    where invite.token = p_token and (select auth.uid()) is not null
      and invite.revoked_at is null and (invite.expires_at is null or invite.expires_at > now())
      and (invite.max_uses is null or invite.uses < invite.max_uses)
      and not exists (select from public.chat_bans ban
                      where ban.chat_id = invite.chat_id and ban.user_id = (select auth.uid()))
      and exists (select from public.chat_participants member
                  where member.chat_id = invite.chat_id and member.left_at is null)
$$;

-- Name: is_admin(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_admin(p_chat_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select coalesce(private.role_of(p_chat_id, (select auth.uid())) in ('owner', 'admin'), false)
$$;

-- Name: is_last_owner(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_last_owner(p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select private.tenant_role_of(p_user_id) = 'owner' and not exists (
        select from public.tenant_members other
        join public.users person on person.id = other.user_id and person.suspended_at is null
        where other.tenant_id = private.tenant_of(p_user_id) and other.role = 'owner' and other.user_id <> p_user_id
    )
$$;

-- Name: is_member(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_member(chat uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.chat_participants
        where chat_id = chat and user_id = (select auth.uid()) and left_at is null
    )
$$;

-- Name: is_mentioned(uuid, bigint, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_mentioned(p_chat_id uuid, p_seq bigint, p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.messages message
        where message.chat_id = p_chat_id and message.seq > p_seq and p_user_id = any (message.mentions)
          and private.is_news(message, p_user_id)
    )
$$;

-- Name: messages; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    content text,
    encrypted boolean DEFAULT false,
    message_type character varying(20) DEFAULT 'text'::character varying,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    delivered_at timestamp with time zone,
    read_at timestamp with time zone,
    reply_to_id uuid,
    file_url text,
    file_type character varying(50),
    file_size bigint,
    thumbnail_url text,
    seq bigint,
    client_id uuid,
    edited_at timestamp with time zone,
    deleted_at timestamp with time zone,
    expires_at timestamp with time zone,
    changed bigint,
    forwarded_from text,
    mentions uuid[],
    formatting jsonb
);

-- Name: is_news(public.messages, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_news(message public.messages, p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select message.sender_id <> p_user_id and message.message_type is distinct from 'notice'
       and message.deleted_at is null and (message.expires_at is null or message.expires_at > now())
$$;

-- Name: is_signing_up(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.is_signing_up(p_username uuid, p_email text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (select from public.cognito_sign_ups begun where begun.username = p_username and begun.email = p_email)
$$;

-- Name: issue_email_code(text, bytea); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.issue_email_code(p_email text, p_code_hash bytea) RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: join_by_invite(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.join_by_invite(p_token text) RETURNS TABLE(outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    me      uuid := auth.uid();
    chat_id uuid := private.invited_to(p_token);
begin
    perform from public.chats where id = chat_id for update;
    -- Under the lock again: it may have been revoked, used up, or its holder banned meanwhile.
    chat_id := private.invited_to(p_token);
    member_ids := private.live_members(chat_id);
    outcome := case when chat_id is null then 'dead_link'
                    when me <> all (member_ids) and cardinality(member_ids) >= 1024 then 'full' else 'done' end;
    user_ids := '{}';
    if outcome = 'done' and me <> all (member_ids) then
        user_ids := array[me];
        perform private.enrol(chat_id, user_ids);
        update public.chat_invites set uses = uses + 1 where token = p_token;
        notice := private.post_notice(chat_id, me, jsonb_build_object('event', 'member_joined', 'user_ids', user_ids));
        member_ids := private.live_members(chat_id);
    end if;
    return next;
end
$$;

-- Name: keep_endpoint_arn(uuid, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.keep_endpoint_arn(p_device uuid, p_token text, p_arn text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.push_endpoints set endpoint_arn = p_arn, made_with = p_token
    where device = p_device and token = p_token
$$;

-- Name: keep_imported_password(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.keep_imported_password(p_user_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    perform private.keep_password(held.user_id, held.bcrypt) from public.imported_passwords held
    where held.user_id = p_user_id and held.bcrypt is not null;
    if found then
        update public.returning_passwords kept set carried_at = kept.kept_at where kept.user_id = p_user_id;
    end if;
end
$$;

-- Name: keep_password(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.keep_password(p_user_id uuid, p_bcrypt text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: keep_sign_up_password(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.keep_sign_up_password(p_username uuid, p_bcrypt text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.cognito_sign_ups begun set bcrypt = p_bcrypt where begun.username = p_username
$$;

-- Name: known_as(text, text, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.known_as(p_issuer text, p_subject text, p_began_at timestamp with time zone) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: knows_of(uuid, uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.knows_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select private.can_read(p_chat_id, p_seq) and not exists (
        select from public.hidden_messages hidden
        where hidden.user_id = (select auth.uid()) and hidden.message_id = p_message_id)
$$;

-- Name: leave_group(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.leave_group(p_chat_id uuid) RETURNS TABLE(outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine      text := private.enter_chat(p_chat_id);
    successor uuid;
    content   jsonb := jsonb_build_object('event', 'member_left', 'user_ids', array[auth.uid()]);
begin
    outcome := case when mine is null then 'not_found' when mine = 'direct' then mine else 'done' end;
    user_ids := array[auth.uid()];
    if outcome = 'done' then
        update public.chat_participants set left_at = clock_timestamp(), pin_place = null
        where chat_id = p_chat_id and user_id = auth.uid();
        if mine = 'owner' and not exists (
            select from public.chat_participants where chat_id = p_chat_id and left_at is null and role = 'owner') then
            update public.chat_participants member set role = 'owner'
            where member.id = (
                select next.id from public.chat_participants next
                where next.chat_id = p_chat_id and next.left_at is null
                order by private.rank_of(next.role) desc, next.joined_at nulls first, next.user_id limit 1)
            returning member.user_id into successor;
            content := content || jsonb_build_object('owner', successor);
        end if;
        notice := private.post_notice(p_chat_id, auth.uid(), content);
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- Name: lift_ban(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.lift_ban(p_chat_id uuid, p_user_id uuid) RETURNS TABLE(outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine text := private.enter_chat(p_chat_id);
begin
    outcome := case when mine is null then 'not_found' when mine = 'direct' then mine
                    when private.rank_of(mine) < 2 then 'not_allowed' else 'done' end;
    if outcome = 'done' then
        delete from public.chat_bans where chat_id = p_chat_id and user_id = p_user_id;
        if found then
            notice := private.post_notice(
                p_chat_id, auth.uid(), jsonb_build_object('event', 'ban_lifted', 'user_ids', array[p_user_id]));
        end if;
    end if;
    user_ids := '{}';
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- Name: link_own_password(text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.link_own_password(p_sub text, p_username text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    perform private.link_password((select auth.uid()), p_sub, p_username);
end
$$;

-- Name: link_password(uuid, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.link_password(p_user_id uuid, p_sub text, p_username text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    insert into public.cognito_accounts (user_id, cognito_sub, username) values (p_user_id, p_sub, p_username)
    on conflict (user_id) do update
    set cognito_sub = excluded.cognito_sub, username = excluded.username, password_reset_at = null;
    insert into public.sign_in_methods (user_id, method, subject) values (p_user_id, 'password', p_sub)
    on conflict (method, subject) do nothing;
    perform private.forget_imported_password(p_user_id);
end
$$;

-- Name: list_blocked(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.list_blocked() RETURNS TABLE(id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select person.id, person.full_name::text, person.cyphr_id::text, person.avatar_url
    from public.user_blocks block
    join public.users person on person.id = block.blocked_id
    where block.blocker_id = (select auth.uid())
    order by block.created_at desc, person.id
$$;

-- Name: list_duties(uuid, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.list_duties(p_user_id uuid, p_limit integer) RETURNS TABLE(user_id uuid, username text, due_at timestamp with time zone, enabled boolean, password_reset boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select owed.user_id, owed.username, owed.due_at, owed.due_enabled, owed.password_reset_at is not null
    from public.cognito_accounts owed
    where owed.due_at is not null and (p_user_id is null or owed.user_id = p_user_id)
    order by owed.due_at limit p_limit
$$;

-- Name: list_factors(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.list_factors() RETURNS TABLE(id uuid, kind text, name text, created_at timestamp with time zone, last_used_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select id, kind, name, created_at, last_used_at from public.mfa_factors
    where user_id = (select auth.uid()) and confirmed_at is not null
    order by created_at, id
$$;

-- Name: list_sessions(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.list_sessions() RETURNS TABLE(id uuid, name text, device text, user_agent text, place text, method text, factors text[], created_at timestamp with time zone, last_used_at timestamp with time zone, registered_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select session.id, session.name, session.device, session.user_agent, host(session.address), session.method,
           session.factors, session.created_at, session.last_used_at, registration.registered_at
    from public.sessions session
    left join public.known_devices known on known.user_id = session.user_id and known.device_id = session.device_id
    left join public.device_registrations registration on registration.id = known.registration_id
    where session.user_id = (select auth.uid()) and session.revoked_at is null and session.expires_at > now()
    order by session.last_used_at desc, session.id desc
    limit 500
$$;

-- Name: live_members(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.live_members(p_chat_id uuid) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select coalesce(array_agg(user_id), '{}') from public.chat_participants where chat_id = p_chat_id and left_at is null
$$;

-- Name: lock_own_chat(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.lock_own_chat(p_chat_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if private.is_member(p_chat_id) then
        perform from public.chats where id = p_chat_id for no key update;
    end if;
end
$$;

-- Name: make_tenant(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.make_tenant(p_tenant_id uuid, p_name text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    insert into public.tenants (id, name) values (p_tenant_id, p_name) on conflict do nothing returning true
$$;

-- Name: may_add(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.may_add(p_user_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    me uuid := auth.uid();
begin
    if exists (select from public.user_blocks where blocker_id = p_user_id and blocked_id = me) then
        return false;
    end if;
    if not exists (select from public.chat_privacy where user_id = p_user_id and who_may_add = 'contacts') then
        return true;
    end if;
    return exists (
        select from public.chat_participants mine
        join public.chat_participants theirs on theirs.chat_id = mine.chat_id and theirs.user_id = p_user_id
        join public.chats chat on chat.id = mine.chat_id
        where mine.user_id = me and mine.left_at is null and theirs.left_at is null
          and (chat.type = 'group'
               or exists (select from public.messages said
                          where said.chat_id = chat.id and said.sender_id = p_user_id))
    );
end
$$;

-- Name: may_send(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.may_send(p_chat_id uuid, p_user_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    kind    text;
    senders text;
begin
    select type, who_may_send into kind, senders from public.chats where id = p_chat_id;
    if kind = 'group' then
        return senders = 'member' or private.rank_of(private.role_of(p_chat_id, p_user_id)) >= 2;
    end if;
    -- Two looks into an index are enough for most people, who have to do with no block at all.
    if not exists (select from public.user_blocks where blocker_id = p_user_id)
       and not exists (select from public.user_blocks where blocked_id = p_user_id) then
        return true;
    end if;
    return not exists (
        select from public.chat_participants other
        join public.user_blocks block
            on (block.blocker_id = p_user_id and block.blocked_id = other.user_id)
            or (block.blocked_id = p_user_id and block.blocker_id = other.user_id)
        where other.chat_id = p_chat_id and other.user_id <> p_user_id
    );
end
$$;

-- Name: may_write(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.may_write(p_chat_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select private.is_member(p_chat_id) and private.may_send(p_chat_id, (select auth.uid()))
$$;

-- Name: methods_of_own(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.methods_of_own() RETURNS TABLE(method text, linked_at timestamp with time zone, sufficient boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: name_of(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.name_of(p_user_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select person.full_name from public.users person where person.id = p_user_id and person.suspended_at is null
$$;

-- Name: name_session(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.name_session(p_session_id uuid, p_name text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.sessions set name = p_name
    where id = p_session_id and user_id = (select auth.uid()) and revoked_at is null and expires_at > now()
    returning true
$$;

-- Name: no_change(text, public.messages); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.no_change(p_outcome text, p_message public.messages) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    outcome := p_outcome;
    if p_outcome = 'same' and p_message.changed is not null then
        change := p_message.changed;
        select hearers.seeing_ids, hearers.blind_ids into seeing_ids, blind_ids
        from private.hearers_of(p_message.chat_id, p_message.id, p_message.seq) hearers;
    end if;
    return next;
end
$$;

-- Name: note_admin(text, uuid, uuid, inet, jsonb); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.note_admin(p_event text, p_subject uuid, p_session uuid, p_address inet, p_details jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select private.note_security_event(
        'admin.' || p_event, (select actor from private.administered_tenant()), p_subject, p_session, p_address,
        case when (select role from private.administered_tenant()) = 'operator'
             then jsonb_build_object('operator', session_user) else '{}' end
        || jsonb_build_object('tenant', (select tenant_id from private.administered_tenant())) || coalesce(p_details, '{}')
    )
$$;

-- Name: note_cognito_sign_out(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.note_cognito_sign_out() RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select private.owe_pool((select auth.uid()), null);
    select username from public.cognito_accounts where user_id = (select auth.uid())
$$;

-- Name: note_exchange(uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.note_exchange(p_session_id uuid, p_user_id uuid, p_method text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    insert into public.sessions as held (id, user_id, method, exchanged_at, expires_at)
    values (p_session_id, p_user_id, p_method, now(), now() + interval '1 minute')
    on conflict (id) do update set exchanged_at = excluded.exchanged_at, expires_at = excluded.expires_at
    where held.exchanged_at is null
$$;

-- Name: note_messages(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.note_messages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    insert into public.push_checks (chat_id, since)
    select distinct stored.chat_id, clock_timestamp() from stored where stored.created_at > now() - interval '1 hour'
    on conflict (chat_id) do nothing;
    return null;
end
$$;

-- Name: note_proof(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.note_proof(p_session_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.sessions set proved_at = now() where id = p_session_id and revoked_at is null
$$;

-- Name: note_security_event(text, uuid, uuid, uuid, inet, jsonb); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.note_security_event(p_event text, p_actor uuid, p_subject uuid, p_session uuid, p_address inet, p_details jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    whose uuid := coalesce(p_subject, p_actor);
begin
    insert into public.audit_log (event, actor, subject, session, tenant, address, details)
    values (p_event, p_actor, p_subject, p_session,
            coalesce((p_details ->> 'tenant')::uuid, case when whose is not null then private.tenant_of(whose) end),
            p_address, coalesce(p_details, '{}') - 'tenant');
end
$$;

-- Name: number_change(uuid, uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.number_change(p_chat_id uuid, p_message_id uuid, p_seq bigint) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    outcome := 'changed';
    update public.chats chat set last_change = chat.last_change + 1 where chat.id = p_chat_id
    returning chat.last_change into change;
    update public.messages message set changed = change, updated_at = clock_timestamp() where message.id = p_message_id;
    select hearers.seeing_ids, hearers.blind_ids into seeing_ids, blind_ids
    from private.hearers_of(p_chat_id, p_message_id, p_seq) hearers;
    return next;
end
$$;

-- Name: number_message(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.number_message() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    next_seq bigint;
    seconds  integer;
begin
    update public.chats set last_seq = last_seq + 1 where id = new.chat_id
    returning last_seq, disappear_after into next_seq, seconds;
    update public.messages
    set seq = next_seq, expires_at = coalesce(expires_at, created_at + make_interval(secs => seconds))
    where id = new.id;
    return null;
end
$$;

-- Name: open_challenged(bytea, text, uuid, bytea, timestamp with time zone, uuid, inet, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.open_challenged(p_challenge_hash bytea, p_factor text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device_id uuid, p_address inet, p_user_agent text) RETURNS TABLE(outcome text, factors text[], id uuid, full_name text, cyphr_id text, avatar_url text, stranger boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: open_direct_chat(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.open_direct_chat(p_chat_id uuid, p_other uuid) RETURNS TABLE(chat_id uuid, created boolean, shown boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    me     uuid := auth.uid();
    lower  uuid := least(auth.uid(), p_other);
    higher uuid := greatest(auth.uid(), p_other);
    found_chat uuid;
begin
    if me is null or not exists (select from public.users where id = p_other) then
        return;
    end if;
    -- Both of the pair may open it at this moment: one waits for the other.
    perform pg_advisory_xact_lock(hashtextextended(lower::text || higher::text, 0));
    select known.chat_id into found_chat from public.direct_chats known
    where known.lower_user_id = lower and known.higher_user_id = higher;
    shown := not exists (select from public.user_blocks where blocker_id = p_other and blocked_id = me);
    if found_chat is null then
        -- One that the old server made for exactly these two is adopted.
        select chat.id into found_chat from public.chats chat
        join public.chat_participants mine on mine.chat_id = chat.id and mine.user_id = me
        join public.chat_participants theirs on theirs.chat_id = chat.id and theirs.user_id = p_other
        where chat.type = 'direct'
          and (select count(*) from public.chat_participants everyone where everyone.chat_id = chat.id) = 2
          and not exists (select from public.direct_chats known where known.chat_id = chat.id)
        order by chat.created_at, chat.id limit 1;
        created := found_chat is null;
        if created then
            found_chat := p_chat_id;
            insert into public.chats (id, type, name, created_by) values (p_chat_id, 'direct', null, me);
            insert into public.chat_participants (chat_id, user_id, hidden_through_seq)
            values (p_chat_id, me, null), (p_chat_id, p_other, case when not shown then 0 end);
        end if;
        insert into public.direct_chats values (lower, higher, found_chat);
    else
        created := false;
    end if;
    update public.chat_participants member set left_at = null, hidden_through_seq = null
    where member.chat_id = found_chat and member.user_id = me
      and (member.left_at is not null or member.hidden_through_seq is not null);
    return query select found_chat, created, shown;
end
$$;

-- Name: open_session(uuid, text, text[], uuid, bytea, timestamp with time zone, text, uuid, inet, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.open_session(p_user_id uuid, p_method text, p_factors text[], p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device text, p_device_id uuid, p_address inet, p_user_agent text) RETURNS TABLE(id uuid, full_name text, cyphr_id text, avatar_url text, stranger boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: owe_pool(uuid, boolean); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.owe_pool(p_user_id uuid, p_enabled boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.cognito_accounts
    set signed_out_at = clock_timestamp(), due_at = clock_timestamp(), due_enabled = coalesce(p_enabled, due_enabled)
    where user_id = p_user_id
$$;

-- Name: own_pin_length(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.own_pin_length() RETURNS integer
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return (select own.pin_length from private.policy_of(private.tenant_of((select auth.uid()))) own);
end
$$;

-- Name: page_of_members(uuid, uuid, text, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.page_of_members(p_chat_id uuid, p_after uuid, p_pattern text, p_limit integer) RETURNS TABLE(user_id uuid, full_name text, cyphr_id text, avatar_url text, role text, received_seq bigint, read_seq bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    heir uuid := private.heir_of(p_chat_id);
begin
    if not private.is_member(p_chat_id) then
        return;
    end if;
    return query
        select person.id, person.full_name::text, person.cyphr_id::text,
               private.shown_picture(person.id, person.avatar_url),
               (case when person.id = heir then 'owner' else coalesce(member.role, 'member') end)::text,
               member.received_seq, private.shown_read_seq(person.id, member.read_seq)
        from public.chat_participants member
        join public.users person on person.id = member.user_id
        where member.chat_id = p_chat_id and member.left_at is null and (p_after is null or member.user_id > p_after)
          and (p_pattern is null or person.full_name ilike p_pattern or person.cyphr_id ilike p_pattern)
        order by member.user_id
        limit p_limit;
end
$$;

-- Name: password_account(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.password_account(p_email text) RETURNS TABLE(user_id uuid, username text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: policy_of(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.policy_of(p_tenant uuid) RETURNS TABLE(pin_length integer, session_days integer, require_mfa boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select coalesce(own.pin_length, 4), coalesce(own.session_days, 30), coalesce(own.require_mfa, false)
    from (select) one left join public.tenant_policies own on own.tenant_id = p_tenant
$$;

-- Name: pool_username(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.pool_username(p_email text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select linked.username from public.cognito_accounts linked
    where linked.user_id = coalesce(
        (select known.user_id from public.account_emails known where known.email = p_email),
        (select held.user_id from public.imported_passwords held where held.email = p_email)
    )
$$;

-- Name: post_notice(uuid, uuid, jsonb); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.post_notice(p_chat_id uuid, p_actor uuid, p_content jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    notice_id uuid := gen_random_uuid();
    posted_at timestamptz := clock_timestamp();
    place     bigint;
begin
    update public.chats
    set last_seq = last_seq + 1, last_message_id = notice_id, last_message_time = posted_at, updated_at = posted_at
    where id = p_chat_id returning last_seq into place;
    insert into public.messages (id, chat_id, sender_id, content, message_type, created_at, updated_at, seq)
    values (notice_id, p_chat_id, p_actor, p_content::text, 'notice', posted_at, posted_at, place);
    return jsonb_build_object(
        'id', notice_id, 'chat_id', p_chat_id, 'sender_id', p_actor, 'client_id', null, 'seq', place,
        'content', p_content::text, 'message_type', 'notice', 'reply_to_id', null, 'created_at', posted_at,
        'edited_at', null, 'deleted_at', null, 'expires_at', null, 'changed', null, 'forwarded', null, 'mentions', '[]'::jsonb,
        'formatting', '[]'::jsonb, 'reactions', '[]'::jsonb, 'hidden', false);
end
$$;

-- Name: preview_invite(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.preview_invite(p_token text) RETURNS TABLE(name text, avatar_url text, member_count integer, chat_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return query
        select chat.name::text, chat.avatar_url,
               (select count(*)::integer from public.chat_participants member
                where member.chat_id = chat.id and member.left_at is null),
               case when private.is_member(chat.id) then chat.id end
        from public.chats chat where chat.id = private.invited_to(p_token);
end
$$;

-- Name: push_reader(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.push_reader(p_device uuid, p_chat_id uuid) RETURNS TABLE(user_id uuid, platform text, token text, endpoint_arn text, language text, group_name text, held_seq bigint, muted boolean, preview text, mentions_break_mute boolean, quiet_end timestamp with time zone, quiet_mode text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select endpoint.user_id, endpoint.platform, endpoint.token,
           case when endpoint.made_with = endpoint.token then endpoint.endpoint_arn end, endpoint.language,
           case when chat.type = 'group' then coalesce(chat.name, '') end,
           greatest(member.received_seq, member.visible_from_seq), coalesce(member.muted_until > now(), false),
           coalesce(wish.preview, 'full'), coalesce(wish.mentions_break_mute, false),
           private.quiet_until(wish.quiet_from, wish.quiet_until, wish.time_zone), wish.quiet_mode
    from public.push_endpoints endpoint
    join public.sessions session
        on session.id = endpoint.session_id and session.revoked_at is null and session.expires_at > now()
    join public.chat_participants member
        on member.user_id = endpoint.user_id and member.chat_id = p_chat_id and member.left_at is null
    join public.chats chat on chat.id = p_chat_id
    left join public.notification_settings wish on wish.user_id = endpoint.user_id
    where endpoint.device = p_device
$$;

-- Name: quiet_until(time without time zone, time without time zone, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.quiet_until(p_from time without time zone, p_until time without time zone, p_time_zone text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    here    timestamp;
    ends_on date;
begin
    here := now() at time zone p_time_zone;
    if p_from < p_until and here::time >= p_from and here::time < p_until then
        ends_on := here::date;
    elsif p_from > p_until and here::time >= p_from then
        ends_on := here::date + 1;
    elsif p_from > p_until and here::time < p_until then
        ends_on := here::date;
    end if;
    return (ends_on + p_until) at time zone p_time_zone;
exception when invalid_parameter_value then
    -- The zone was known to the database that it was set in.
    return null;
end
$$;

-- Name: rank_of(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.rank_of(role text) RETURNS integer
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select case role when 'owner' then 3 when 'admin' then 2 else 1 end
$$;

-- Name: react(uuid, uuid, text, boolean); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean) RETURNS TABLE(outcome text, change bigint, seeing_ids uuid[], blind_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    held  public.messages;
    kinds text[];
begin
    perform private.lock_own_chat(p_chat_id);
    select message.* into held from public.messages message
    where message.id = p_message_id and message.chat_id = p_chat_id
      and private.knows_of(p_chat_id, p_message_id, message.seq)
    for no key update of message;
    select array_agg(distinct reaction.emoji) into kinds from public.message_reactions reaction
    where reaction.message_id = p_message_id;
    outcome := case
        when held.id is null then 'not_found'
        when held.deleted_at is not null or held.expires_at <= clock_timestamp() then 'gone'
        when held.message_type = 'notice' then 'notice'
        when p_wanted = exists (select from public.message_reactions reaction
                                where reaction.message_id = held.id and reaction.user_id = auth.uid()
                                  and reaction.emoji = p_emoji) then 'same'
        when p_wanted and cardinality(kinds) >= 20 and p_emoji <> all (kinds) then 'too_many'
    end;
    if outcome is not null then
        return query select * from private.no_change(outcome, held);
        return;
    end if;
    if p_wanted then
        insert into public.message_reactions (message_id, user_id, emoji, created_at)
        values (held.id, auth.uid(), p_emoji, clock_timestamp());
    else
        delete from public.message_reactions reaction
        where reaction.message_id = held.id and reaction.user_id = auth.uid() and reaction.emoji = p_emoji;
    end if;
    return query select * from private.number_change(p_chat_id, p_message_id, held.seq);
end
$$;

-- Name: read_challenge(bytea, text, uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.read_challenge(p_token_hash bytea, p_purpose text, p_session_id uuid, p_device_id uuid) RETURNS TABLE(user_id uuid, nonce bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select user_id, nonce from public.sign_in_challenges
    where token_hash = p_token_hash and purpose = p_purpose and expires_at > now()
      and session_id is not distinct from p_session_id and device_id is not distinct from p_device_id
$$;

-- Name: read_factors(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.read_factors(p_user_id uuid) RETURNS TABLE(id uuid, user_id uuid, kind text, secret bytea, credential_id bytea, public_key bytea, last_counter bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select id, user_id, kind, secret, credential_id, public_key, last_counter from public.mfa_factors
    where user_id = p_user_id and confirmed_at is not null
    order by created_at, id
$$;

-- Name: read_imported_password(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.read_imported_password(p_email text) RETURNS TABLE(user_id uuid, bcrypt text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select held.user_id, held.bcrypt from public.imported_passwords held
    where held.email = lower(p_email) and held.bcrypt is not null
$$;

-- Name: read_kept_password(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.read_kept_password(p_email text) RETURNS TABLE(is_open boolean, bcrypt text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (select from public.ways_back way where way.service = 'auth'),
        (select kept.bcrypt from public.account_emails known
         join public.returning_passwords kept on kept.user_id = known.user_id
         where known.email = p_email and kept.bcrypt <> '')
$$;

-- Name: read_presence(uuid, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.read_presence(p_chat_id uuid, p_limit integer) RETURNS TABLE(user_id uuid, last_seen timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select member.user_id, person.last_seen
    from public.chat_participants member
    join public.users person on person.id = member.user_id
    where member.chat_id = p_chat_id and member.left_at is null and member.user_id <> (select auth.uid())
      and private.is_member(p_chat_id)
      and not exists (select from public.privacy_settings hidden
                      where hidden.user_id in (member.user_id, (select auth.uid())) and hidden.last_seen = 'nobody')
    order by member.joined_at, member.user_id
    limit p_limit
$$;

-- Name: read_unconfirmed(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.read_unconfirmed(p_id uuid) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select secret from public.mfa_factors
    where id = p_id and user_id = (select auth.uid()) and confirmed_at is null
      and created_at > now() - interval '1 hour'
$$;

-- Name: record_object(text, text, bigint, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if auth.uid() is null or split_part(p_name, '/', 1) <> auth.uid()::text then
        raise exception using errcode = '42501', message = 'an object belongs to the folder of its owner';
    end if;
    if to_regclass('storage.objects') is not null then
        insert into storage.objects (bucket_id, name, owner, metadata)
        values (p_bucket, p_name, auth.uid(), jsonb_build_object('size', p_size, 'mimetype', p_mimetype))
        on conflict do nothing;
    end if;
end
$$;

-- Name: record_presence(uuid[], boolean[], timestamp with time zone[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamp with time zone[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.users person
    set is_online = seen.online, last_seen = greatest(person.last_seen, seen.seen_at)
    from unnest(p_user_ids, p_online, p_seen_at) as seen (user_id, online, seen_at)
    where person.id = seen.user_id
$$;

-- Name: recover_pin(text, text, bytea, text, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.recover_pin(p_email text, p_email_hash text, p_code_hash bytea, p_pin_hash text, p_pin_length integer) RETURNS TABLE(outcome text, user_id uuid, ended uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: refuse_rewriting(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.refuse_rewriting() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    raise exception using
        errcode = 'insufficient_privilege',
        message = format('%I.%I is only ever appended to', tg_table_schema, tg_table_name);
end
$$;

-- Name: register_account(uuid, text, text, bytea, text, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return private.register_account(
        p_user_id, p_email, p_email_hash, p_code_hash, p_full_name, p_cyphr_id, p_pin_hash, 6
    );
end
$$;

-- Name: register_account(uuid, text, text, bytea, text, text, text, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text, p_pin_length integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: register_endpoint(uuid, uuid, text, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.register_endpoint(p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    -- Two that register one token at this moment: the second finds the first.
    perform pg_advisory_xact_lock(hashtextextended(p_platform || p_token, 0));
    delete from public.push_endpoints known
    where (known.device = p_device and known.user_id <> auth.uid())
       or (known.device <> p_device and known.platform = p_platform and known.token = p_token);
    insert into public.push_endpoints as known (device, user_id, session_id, platform, token, language)
    values (p_device, auth.uid(), p_session_id, p_platform, p_token, p_language)
    on conflict (device) do update
    set session_id = excluded.session_id, platform = excluded.platform, token = excluded.token,
        language = excluded.language, updated_at = now();
    delete from public.push_endpoints known
    where known.device in (select mine.device from public.push_endpoints mine where mine.user_id = auth.uid()
                           order by mine.updated_at desc, mine.device = p_device desc offset 20);
end
$$;

-- Name: rehash_pin(uuid, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.rehash_pin(p_user_id uuid, p_old_hash text, p_new_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.users set pin_hash = p_new_hash where id = p_user_id and pin_hash = p_old_hash
$$;

-- Name: remove_endpoint(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.remove_endpoint(p_device uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.push_endpoints where device = p_device and user_id = (select auth.uid())
$$;

-- Name: remove_factor(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.remove_factor(p_id uuid) RETURNS TABLE(kind text, name text, remaining integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: remove_member(uuid, uuid, boolean); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.remove_member(p_chat_id uuid, p_user_id uuid, p_ban boolean) RETURNS TABLE(outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine   text := private.enter_chat(p_chat_id);
    target public.chat_participants;
    banned boolean := exists (select from public.chat_bans where chat_id = p_chat_id and user_id = p_user_id);
begin
    select * into target from public.chat_participants where chat_id = p_chat_id and user_id = p_user_id;
    outcome := case
        when mine is null then 'not_found'
        when mine = 'direct' then mine
        when private.rank_of(mine) < 2 then 'not_allowed'
        when p_user_id = auth.uid() then 'self'
        when target.id is null or (target.left_at is not null and not p_ban) then 'no_such_member'
        when target.left_at is null and private.rank_of(mine) <= private.rank_of(target.role) then 'not_allowed'
        else 'done'
    end;
    user_ids := case when target.left_at is null then array[p_user_id] else '{}' end;
    if outcome = 'done' and (target.left_at is null or not banned) then
        update public.chat_participants set left_at = clock_timestamp(), pin_place = null where id = target.id and left_at is null;
        if p_ban then
            insert into public.chat_bans (chat_id, user_id, banned_by) values (p_chat_id, p_user_id, auth.uid())
            on conflict do nothing;
        end if;
        notice := private.post_notice(p_chat_id, auth.uid(), jsonb_build_object(
            'event', case when p_ban then 'member_banned' else 'member_removed' end, 'user_ids', array[p_user_id]));
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- Name: replace_recovery_codes(bytea[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.replace_recovery_codes(p_hashes bytea[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.recovery_codes where user_id = (select auth.uid());
    insert into public.recovery_codes (user_id, code_hash) select (select auth.uid()), unnest(p_hashes);
$$;

-- Name: require_authority(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.require_authority() RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if exists (
        select from cyphr.switchboard
        where service = 'database' and side <> nullif(current_setting('cyphr.side', true), '')
    ) then
        raise exception using
            errcode = 'CY001',
            message = 'this database has not the authority',
            hint = 'Run the whole transaction again on the side that cyphr.switchboard names.';
    end if;
end
$$;

-- Name: reserve_from_address(inet, integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.reserve_from_address(p_address inet, p_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: reset_password(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.reset_password(p_user_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: retry_pushes(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.retry_pushes(p_devices uuid[], p_chat_ids uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.push_state held
    set due_at = now() + least(300, 2 ^ least(held.tries, 10)) * (0.5 + random() / 2) * interval '1 second'
    from unnest(p_devices, p_chat_ids) as failed (device, chat_id)
    where held.device = failed.device and held.chat_id = failed.chat_id
$$;

-- Name: revoke_invite(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.revoke_invite(p_chat_id uuid, p_invite_id uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine text := private.enter_chat(p_chat_id);
begin
    if mine is null then
        return 'not_found';
    elsif mine = 'direct' then
        return mine;
    elsif private.rank_of(mine) < 2 then
        return 'not_allowed';
    end if;
    update public.chat_invites set revoked_at = coalesce(revoked_at, now()) where id = p_invite_id and chat_id = p_chat_id;
    return case when found then 'done' else 'no_such_invite' end;
end
$$;

-- Name: revoke_sessions(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.revoke_sessions(p_only uuid, p_kept uuid) RETURNS SETOF uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.sessions set revoked_at = now()
    where user_id = (select auth.uid()) and revoked_at is null
      and (p_only is null or id = p_only) and (p_kept is null or id <> p_kept)
    returning id
$$;

-- Name: role_of(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.role_of(p_chat_id uuid, p_user_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select case
               when member.role = 'owner' or private.heir_of(p_chat_id) = p_user_id then 'owner'
               else coalesce(member.role, 'member')
           end
    from public.chat_participants member
    where member.chat_id = p_chat_id and member.user_id = p_user_id and member.left_at is null
$$;

-- Name: rotate_session(bytea, bytea, timestamp with time zone, inet); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamp with time zone, p_address inet) RETURNS TABLE(outcome text, session_id uuid, id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: session_end(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.session_end(p_user_id uuid) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return now() + (select make_interval(days => own.session_days)
                    from private.policy_of(private.tenant_of(p_user_id)) own);
end
$$;

-- Name: session_is_live(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.session_is_live(p_session_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.sessions session
        join public.users person on person.id = session.user_id
        where session.id = p_session_id and session.revoked_at is null and session.expires_at > now()
          and person.suspended_at is null
    )
$$;

-- Name: session_is_proved(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.session_is_proved(p_session_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.sessions where id = p_session_id and proved_at > now() - interval '5 minutes'
    )
$$;

-- Name: set_avatar(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_avatar(p_url text) RETURNS TABLE(id uuid, full_name text, cyphr_id text, avatar_url text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.users set avatar_url = p_url, updated_at = now() where id = (select auth.uid())
    returning id, full_name, cyphr_id, avatar_url
$$;

-- Name: set_chat_privacy(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_chat_privacy(p_who_may_add text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    insert into public.chat_privacy (user_id, who_may_add) values ((select auth.uid()), p_who_may_add)
    on conflict (user_id) do update set who_may_add = excluded.who_may_add
$$;

-- Name: set_chat_settings(uuid, jsonb); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_chat_settings(p_chat_id uuid, p_settings jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    update public.chat_participants member
    set muted_until  = case when p_settings ? 'muted_until' then (p_settings ->> 'muted_until')::timestamptz
                            else member.muted_until end,
        archived_seq = case when not p_settings ? 'archived' then member.archived_seq
                            when (p_settings ->> 'archived')::boolean then chat.last_seq end
    from public.chats chat
    where chat.id = p_chat_id and member.chat_id = p_chat_id and member.user_id = auth.uid() and member.left_at is null;
    return found;
end
$$;

-- Name: set_notifications(text, boolean, time without time zone, time without time zone, text, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_notifications(p_preview text, p_mentions_break_mute boolean, p_quiet_from time without time zone, p_quiet_until time without time zone, p_time_zone text, p_quiet_mode text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    perform now() at time zone p_time_zone;
    insert into public.notification_settings
        (user_id, preview, mentions_break_mute, quiet_from, quiet_until, time_zone, quiet_mode)
    values (auth.uid(), p_preview, p_mentions_break_mute, p_quiet_from, p_quiet_until, p_time_zone, p_quiet_mode)
    on conflict (user_id) do update
    set preview = excluded.preview, mentions_break_mute = excluded.mentions_break_mute,
        quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, time_zone = excluded.time_zone,
        quiet_mode = excluded.quiet_mode, updated_at = now();
    return true;
exception when invalid_parameter_value then
    return false;
end
$$;

-- Name: set_pin(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_pin(p_pin_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.users set pin_hash = p_pin_hash, updated_at = now() where id = (select auth.uid())
$$;

-- Name: set_pinned_chats(uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_pinned_chats(p_chat_ids uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    moved uuid[];
begin
    -- In one order with advance_watermarks, which locks several rows of a person, too.
    perform from public.chat_participants member
    where member.user_id = auth.uid() and (member.chat_id = any (p_chat_ids) or member.pin_place is not null)
    order by member.id for no key update;
    if (select count(*) from public.chat_participants member
        where member.user_id = auth.uid() and member.left_at is null and member.chat_id = any (p_chat_ids))
       <> cardinality(p_chat_ids) then
        return null;
    end if;
    with placed as (
        update public.chat_participants member set pin_place = array_position(p_chat_ids, member.chat_id)
        where member.user_id = auth.uid() and (member.chat_id = any (p_chat_ids) or member.pin_place is not null)
          and member.pin_place is distinct from array_position(p_chat_ids, member.chat_id)
        returning member.chat_id
    )
    select coalesce(array_agg(placed.chat_id), '{}') into moved from placed;
    return moved;
end
$$;

-- Name: set_privacy(text, text, boolean); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    insert into public.privacy_settings (user_id, last_seen, picture, read_receipts)
    values (auth.uid(), p_last_seen, p_picture, p_read_receipts)
    on conflict (user_id) do update
    set last_seen = excluded.last_seen, picture = excluded.picture, read_receipts = excluded.read_receipts,
        updated_at = now()
$$;

-- Name: set_role(uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.set_role(p_chat_id uuid, p_user_id uuid, p_role text) RETURNS TABLE(outcome text, user_ids uuid[], notice jsonb, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    mine   text := private.enter_chat(p_chat_id);
    target public.chat_participants;
begin
    select * into target from public.chat_participants
    where chat_id = p_chat_id and user_id = p_user_id and left_at is null;
    outcome := case
        when mine is null then 'not_found'
        when mine = 'direct' then mine
        when mine <> 'owner' then 'not_allowed'
        when p_user_id = auth.uid() then 'self'
        when target.id is null then 'no_such_member'
        else 'done'
    end;
    user_ids := array[p_user_id];
    if outcome = 'done' and target.role is distinct from p_role then
        if p_role = 'owner' then
            update public.chat_participants set role = 'admin' where chat_id = p_chat_id and role = 'owner';
        end if;
        update public.chat_participants set role = p_role where id = target.id;
        notice := private.post_notice(p_chat_id, auth.uid(), jsonb_build_object(
            'event', 'role_changed', 'user_ids', user_ids, 'role', p_role));
    end if;
    member_ids := private.live_members(p_chat_id);
    return next;
end
$$;

-- Name: settle_duty(uuid, timestamp with time zone, boolean); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.settle_duty(p_user_id uuid, p_due_at timestamp with time zone, p_enabled boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: shares_chat_with(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.shares_chat_with(person uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.chat_participants mine
        join public.chat_participants theirs using (chat_id)
        where mine.user_id = (select auth.uid()) and mine.left_at is null
          and theirs.user_id = person
    )
$$;

-- Name: shown_picture(uuid, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.shown_picture(p_user_id uuid, p_url text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select case when p_user_id = (select auth.uid()) or not exists (
        select from public.privacy_settings hidden
        where hidden.user_id = p_user_id
          and (hidden.picture = 'nobody' or (hidden.picture = 'contacts' and not private.shares_chat_with(p_user_id)))
    ) then p_url end
$$;

-- Name: shown_read_seq(uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.shown_read_seq(p_user_id uuid, p_read_seq bigint) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select case when p_user_id = (select auth.uid()) or not exists (
        select from public.privacy_settings hidden
        where not hidden.read_receipts and hidden.user_id in (p_user_id, (select auth.uid()))
    ) then p_read_seq else 0 end
$$;

-- Name: signs_in_with_password(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.signs_in_with_password(p_sub text) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    person uuid := private.known_as('cognito', p_sub, null);
begin
    return case when private.has_password(person) and not exists (
        select from public.cognito_accounts linked
        where linked.user_id = person and linked.password_reset_at is not null
    ) then person end;
end
$$;

-- Name: store_messages(uuid[], uuid[], uuid[], uuid[], text[], uuid[], text[], jsonb[], text[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.store_messages(p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]) RETURNS TABLE(place integer, message_id uuid, chat_id uuid, seq bigint, created_at timestamp with time zone, expires_at timestamp with time zone, repeated boolean, refusal text, member_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
    locked  uuid[];
    sent_at timestamptz;
begin
    perform private.require_authority();
    -- A stranger must not be able to hold up a chat: only chats of their senders are locked. In one order, so that two
    -- batches never wait for each other in a circle. Limits here and below make each question one look into an index,
    -- whatever the planner thinks of the table: it would as soon read all members of a chat for each of the given.
    select coalesce(array_agg(held.id), '{}') into locked
    from (
        select chat.id from public.chats chat
        where chat.id = any (array(
            select given.chat_id
            from unnest(p_chat_ids, p_sender_ids) as given (chat_id, sender_id)
            cross join lateral (
                select from public.chat_participants member
                where member.chat_id = given.chat_id and member.user_id = given.sender_id and member.left_at is null
                limit 1) mine))
        order by chat.id
        for no key update
    ) held;
    -- The clock now, not the transaction's start: times must rise with the numbers.
    sent_at := clock_timestamp();
    return query
    with given as materialized (
        select each.*, each.mentions::uuid[] as mentioned
        from unnest(p_chat_ids, p_sender_ids, p_client_ids, p_message_ids, p_contents, p_reply_to_ids, p_mentions,
                    p_formatting, p_forwarded_from) with ordinality
             as each (chat_id, sender_id, client_id, message_id, content, reply_to_id, mentions, formatting,
                      forwarded_from, place)
    ), judged as materialized (
        select given.*, known.id as known_id, known.chat_id as known_chat_id, known.seq as known_seq,
               known.created_at as known_at, known.expires_at as known_expires_at, chat.last_seq, chat.disappear_after,
               -- Who became a member while the locks were waited for comes again: that chat is not locked.
               case when member.visible_from_seq is null or not given.chat_id = any (locked) then 'member'
                    -- Asked here as well as there: for most people nothing else has to be, and a call is dear.
                    when not (chat.type = 'group' and chat.who_may_send = 'member'
                              or chat.type is distinct from 'group'
                                 and (select block.blocker_id from public.user_blocks block
                                      where block.blocker_id = given.sender_id limit 1) is null
                                 and (select block.blocked_id from public.user_blocks block
                                      where block.blocked_id = given.sender_id limit 1) is null
                              or private.may_send(given.chat_id, given.sender_id)) then 'send'
                    when given.content is null then 'forward'
                    when given.reply_to_id is not null and not exists (
                        select from public.messages answered
                        where answered.id = given.reply_to_id and answered.chat_id = given.chat_id
                          and answered.seq > member.visible_from_seq) then 'reply'
                    when given.mentioned is not null and exists (
                        select from unnest(given.mentioned) as named (user_id)
                        where not exists (
                            select from public.chat_participants other
                            where other.chat_id = given.chat_id and other.user_id = named.user_id
                              and other.left_at is null)) then 'mention'
               end as refusal
        from given
        left join lateral (
            select message.id, message.chat_id, message.seq, message.created_at, message.expires_at
            from public.messages message
            where message.sender_id = given.sender_id and message.client_id = given.client_id limit 1) known on true
        left join lateral (
            select participant.visible_from_seq from public.chat_participants participant
            where participant.chat_id = given.chat_id and participant.user_id = given.sender_id
              and participant.left_at is null limit 1) member on true
        left join lateral (
            select one.last_seq, one.disappear_after, one.type, one.who_may_send from public.chats one where one.id = given.chat_id limit 1
        ) chat on true
    ), firsts as materialized (
        -- The same id twice in one batch: the first one is stored, the others are its repeats.
        select judged.*,
               min(judged.place) filter (where judged.known_id is null and judged.refusal is null)
                   over (partition by judged.sender_id, judged.client_id) as first_place
        from judged
    ), numbered as materialized (
        select firsts.*, firsts.last_seq + row_number() over chat_order as new_seq,
               sent_at + (row_number() over chat_order - 1) * interval '1 microsecond' as new_at
        from firsts where firsts.first_place = firsts.place
        window chat_order as (partition by firsts.chat_id order by firsts.place)
    ), stored as (
        insert into public.messages
            (id, chat_id, sender_id, content, created_at, updated_at, reply_to_id, seq, client_id, expires_at, mentions,
             formatting, forwarded_from)
        select one.message_id, one.chat_id, one.sender_id, one.content, one.new_at, one.new_at, one.reply_to_id,
               one.new_seq, one.client_id, one.new_at + make_interval(secs => one.disappear_after), one.mentioned,
               one.formatting, one.forwarded_from
        from numbered one order by one.place
    ), moved as (
        update public.chats chat
        set last_seq = newest.new_seq, last_message_id = newest.message_id, last_message_time = newest.new_at,
            updated_at = newest.new_at
        from (select distinct on (one.chat_id) one.chat_id, one.message_id, one.new_seq, one.new_at
              from numbered one order by one.chat_id, one.new_seq desc) newest
        where chat.id = newest.chat_id
    ), outcome as (
        select one.place::integer as place,
               coalesce(one.known_id, first.message_id) as message_id,
               coalesce(one.known_chat_id, first.chat_id, one.chat_id) as chat_id,
               coalesce(one.known_seq, first.new_seq) as seq,
               coalesce(one.known_at, first.new_at) as created_at,
               coalesce(one.known_expires_at, first.new_at + make_interval(secs => first.disappear_after)) as expires_at,
               first.place is distinct from one.place as repeated,
               one.refusal
        from firsts one
        left join numbered first on first.place = one.first_place
        where one.known_id is not null or one.first_place is not null or one.refusal <> 'member'
    )
    select one.place, one.message_id, one.chat_id, one.seq, one.created_at, one.expires_at,
           one.repeated and one.message_id is not null, case when one.message_id is null then one.refusal end,
           case when row_number() over (partition by one.chat_id order by one.place) = 1 then
               (select array_agg(member.user_id order by member.user_id) from public.chat_participants member
                where member.chat_id = one.chat_id and member.left_at is null)
           end
    from outcome one order by one.place;
end
$$;

-- Name: sweep_expired(integer); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.sweep_expired(p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    swept integer := 0;
    one   record;
begin
    for one in
        select message.id, message.expires_at from public.messages message
        where message.expires_at <= now() and message.deleted_at is null
        order by message.expires_at limit p_limit
        for no key update skip locked
    loop
        perform private.empty_message(one.id, one.expires_at);
        swept := swept + 1;
    end loop;
    return swept;
end
$$;

-- Name: take_challenge(bytea, text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.take_challenge(p_token_hash bytea, p_purpose text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.sign_in_challenges
    where token_hash = p_token_hash and purpose = p_purpose and expires_at > now()
    returning true
$$;

-- Name: take_counter(uuid, bigint); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.take_counter(p_id uuid, p_counter bigint) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.mfa_factors set last_counter = p_counter, last_used_at = now()
    where id = p_id and confirmed_at is not null
      and (last_counter < p_counter or (kind = 'passkey' and last_counter = 0 and p_counter = 0))
    returning true
$$;

-- Name: take_pushes(integer, uuid, interval); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.take_pushes(p_limit integer, p_chat_id uuid, p_lease interval) RETURNS TABLE(device uuid, chat_id uuid, seq bigint, silent boolean, platform text, token text, endpoint_arn text, language text, preview text, group_name text, sender_name text, content text, message_type text, encrypted boolean, waiting bigint, badge bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    given  integer := 0;
    taken  public.push_state;
    reader record;
    newest public.messages;
begin
    for i in 1 .. 500 loop
        exit when given >= p_limit;
        update public.push_state held set due_at = now() + p_lease, tries = held.tries + 1
        from (
            select waits.device, waits.chat_id from public.push_state waits
            where waits.wanted_seq > waits.pushed_seq and waits.due_at <= now()
              and (p_chat_id is null or waits.chat_id = p_chat_id)
            order by waits.due_at limit 1
            for update skip locked
        ) due
        where held.device = due.device and held.chat_id = due.chat_id
        returning held.* into taken;
        exit when taken.device is null;
        select * into reader from private.push_reader(taken.device, taken.chat_id);
        select message.* into newest from public.messages message
        where message.chat_id = taken.chat_id and message.seq > reader.held_seq
          and private.is_news(message, reader.user_id)
        order by message.seq desc limit 1;
        if newest.id is null or newest.seq <= taken.pushed_seq or newest.created_at < now() - interval '1 day'
           or (reader.muted and not (reader.mentions_break_mute and private.is_mentioned(
                   taken.chat_id, greatest(reader.held_seq, taken.pushed_seq), reader.user_id))) then
            update public.push_state held set pushed_seq = taken.wanted_seq, tries = 0, due_at = now()
            where held.device = taken.device and held.chat_id = taken.chat_id;
        elsif reader.quiet_end is not null and (reader.quiet_mode = 'none' or newest.seq <= taken.badged_seq) then
            update public.push_state held set due_at = reader.quiet_end, tries = 0
            where held.device = taken.device and held.chat_id = taken.chat_id;
        else
            given := given + 1;
            return query
                select taken.device, taken.chat_id, greatest(newest.seq, taken.wanted_seq), reader.quiet_end is not null,
                       reader.platform, reader.token, reader.endpoint_arn, reader.language, reader.preview,
                       reader.group_name,
                       (select person.full_name::text from public.users person where person.id = newest.sender_id),
                       newest.content, coalesce(newest.message_type::text, 'text'), coalesce(newest.encrypted, false),
                       private.count_news(taken.chat_id, reader.held_seq, reader.user_id),
                       private.unread_chats(reader.user_id);
        end if;
    end loop;
end
$$;

-- Name: take_recovery_code(uuid, bytea); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.take_recovery_code(p_user_id uuid, p_code_hash bytea) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    update public.recovery_codes set used_at = now()
    where user_id = p_user_id and code_hash = p_code_hash and used_at is null
    returning true
$$;

-- Name: unblock(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.unblock(p_user_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
    delete from public.user_blocks where blocker_id = (select auth.uid()) and blocked_id = p_user_id
$$;

-- Name: unlink_method(text); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.unlink_method(p_method text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

-- Name: unread_chats(uuid); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.unread_chats(p_user_id uuid) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select count(*)
    from public.chat_participants member
    where member.user_id = p_user_id and member.left_at is null
      and (member.muted_until is null or member.muted_until <= now())
      and exists (
          select from public.messages message
          where message.chat_id = member.chat_id and message.seq > greatest(member.read_seq, member.visible_from_seq)
            and private.is_news(message, p_user_id)
      )
$$;

-- Name: way_back_is_open(); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.way_back_is_open() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (select from public.ways_back way where way.service = 'auth')
$$;

-- Name: which_ended(uuid[]); Type: FUNCTION; Schema: private; Owner: -

CREATE FUNCTION private.which_ended(p_session_ids uuid[]) RETURNS uuid[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select coalesce(array_agg(asked.id), '{}')
    from unnest(p_session_ids) asked (id)
    left join public.sessions held on held.id = asked.id and held.revoked_at is null and held.expires_at > now()
    where held.id is null
$$;

-- Name: fence; Type: TABLE; Schema: cyphr; Owner: -

CREATE TABLE cyphr.fence (
);

-- Name: switchboard; Type: TABLE; Schema: cyphr; Owner: -

CREATE TABLE cyphr.switchboard (
    service text NOT NULL,
    side text NOT NULL,
    epoch bigint DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT switchboard_side_check CHECK ((side = ANY (ARRAY['supabase'::text, 'aws'::text])))
);

-- Name: schema_migrations; Type: TABLE; Schema: private; Owner: -

CREATE TABLE private.schema_migrations (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: chat_participants; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.chat_participants (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role character varying(20) DEFAULT 'member'::character varying,
    joined_at timestamp with time zone DEFAULT now(),
    left_at timestamp with time zone,
    last_read_message_id uuid,
    received_seq bigint DEFAULT 0 NOT NULL,
    read_seq bigint DEFAULT 0 NOT NULL,
    visible_from_seq bigint DEFAULT 0 NOT NULL,
    muted_until timestamp with time zone,
    pin_place smallint,
    archived_seq bigint,
    hidden_through_seq bigint
);

-- Name: hidden_messages; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.hidden_messages (
    user_id uuid NOT NULL,
    message_id uuid NOT NULL,
    hidden_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: message_reactions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.message_reactions (
    message_id uuid NOT NULL,
    user_id uuid NOT NULL,
    emoji text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: shown_messages; Type: VIEW; Schema: private; Owner: -

CREATE VIEW private.shown_messages AS
 SELECT message.id,
    message.chat_id,
    message.sender_id,
    message.client_id,
    message.seq,
        CASE
            WHEN shown.whole THEN message.content
            ELSE NULL::text
        END AS content,
    COALESCE(message.message_type, 'text'::character varying) AS message_type,
        CASE
            WHEN shown.whole THEN message.reply_to_id
            ELSE NULL::uuid
        END AS reply_to_id,
    COALESCE(message.created_at, to_timestamp((0)::double precision)) AS created_at,
        CASE
            WHEN shown.whole THEN message.edited_at
            ELSE NULL::timestamp with time zone
        END AS edited_at,
    COALESCE(message.deleted_at,
        CASE
            WHEN (message.expires_at <= now()) THEN message.expires_at
            ELSE NULL::timestamp with time zone
        END) AS deleted_at,
    message.changed,
        CASE
            WHEN (shown.whole AND (message.forwarded_from IS NOT NULL)) THEN jsonb_build_object('sender_name', NULLIF(message.forwarded_from, ''::text))
            ELSE NULL::jsonb
        END AS forwarded,
        CASE
            WHEN shown.whole THEN COALESCE(message.mentions, '{}'::uuid[])
            ELSE '{}'::uuid[]
        END AS mentions,
        CASE
            WHEN shown.whole THEN COALESCE(message.formatting, '[]'::jsonb)
            ELSE '[]'::jsonb
        END AS formatting,
        CASE
            WHEN (shown.whole AND (message.changed IS NOT NULL)) THEN ( SELECT COALESCE(jsonb_agg(jsonb_build_object('emoji', kind.emoji, 'count', kind.count, 'user_ids', kind.user_ids[1:5]) ORDER BY kind.first_at, kind.emoji), '[]'::jsonb) AS "coalesce"
               FROM ( SELECT reaction.emoji,
                        count(*) AS count,
                        min(reaction.created_at) AS first_at,
                        array_agg(reaction.user_id ORDER BY (reaction.user_id = me.user_id) DESC, reaction.created_at, reaction.user_id) AS user_ids
                       FROM public.message_reactions reaction
                      WHERE (reaction.message_id = message.id)
                      GROUP BY reaction.emoji) kind)
            ELSE '[]'::jsonb
        END AS reactions,
    message.expires_at,
    (hidden.message_id IS NOT NULL) AS hidden
   FROM (((public.messages message
     JOIN public.chat_participants me ON (((me.chat_id = message.chat_id) AND (me.user_id = ( SELECT auth.uid() AS uid)) AND (me.left_at IS NULL) AND (message.seq > me.visible_from_seq))))
     LEFT JOIN public.hidden_messages hidden ON (((hidden.user_id = me.user_id) AND (hidden.message_id = message.id))))
     CROSS JOIN LATERAL ( SELECT ((message.deleted_at IS NULL) AND ((message.expires_at IS NULL) OR (message.expires_at > now())) AND (hidden.message_id IS NULL)) AS whole) shown);

-- Name: audit_chain; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.audit_chain (
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_chain_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_chain_seq_check CHECK ((seq > 0))
);

-- Name: audit_head; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.audit_head (
    one boolean DEFAULT true NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_head_one_check CHECK (one)
);

-- Name: calls; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.calls (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid NOT NULL,
    caller_id uuid NOT NULL,
    callee_id uuid,
    type character varying(20) DEFAULT 'audio'::character varying,
    status character varying(20) DEFAULT 'initiated'::character varying,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    duration_seconds integer DEFAULT 0,
    created_at timestamp with time zone DEFAULT now()
);

-- Name: chat_bans; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.chat_bans (
    chat_id uuid NOT NULL,
    user_id uuid NOT NULL,
    banned_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: chat_invites; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.chat_invites (
    id uuid NOT NULL,
    chat_id uuid NOT NULL,
    token text NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    max_uses integer,
    uses integer DEFAULT 0 NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT chat_invites_max_uses_check CHECK ((max_uses > 0))
);

-- Name: chat_privacy; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.chat_privacy (
    user_id uuid NOT NULL,
    who_may_add text DEFAULT 'everyone'::text NOT NULL,
    CONSTRAINT chat_privacy_who_may_add_check CHECK ((who_may_add = ANY (ARRAY['everyone'::text, 'contacts'::text])))
);

-- Name: chats; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.chats (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    type character varying(20) DEFAULT 'direct'::character varying,
    name character varying(255),
    avatar_url text,
    last_message_id uuid,
    last_message_time timestamp with time zone,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    created_by uuid,
    last_seq bigint DEFAULT 0 NOT NULL,
    last_change bigint DEFAULT 0 NOT NULL,
    disappear_after integer,
    who_may_send text DEFAULT 'member'::text NOT NULL,
    who_may_add text DEFAULT 'admin'::text NOT NULL,
    who_may_change text DEFAULT 'admin'::text NOT NULL,
    history text DEFAULT 'joining'::text NOT NULL,
    CONSTRAINT chats_history_check CHECK ((history = ANY (ARRAY['joining'::text, 'start'::text]))),
    CONSTRAINT chats_who_may_add_check CHECK ((who_may_add = ANY (ARRAY['member'::text, 'admin'::text]))),
    CONSTRAINT chats_who_may_change_check CHECK ((who_may_change = ANY (ARRAY['member'::text, 'admin'::text]))),
    CONSTRAINT chats_who_may_send_check CHECK ((who_may_send = ANY (ARRAY['member'::text, 'admin'::text])))
)
WITH (fillfactor='70');

-- Name: cognito_accounts; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cognito_accounts (
    user_id uuid NOT NULL,
    cognito_sub text NOT NULL,
    username text NOT NULL,
    linked_at timestamp with time zone DEFAULT now() NOT NULL,
    signed_out_at timestamp with time zone,
    due_at timestamp with time zone,
    due_enabled boolean,
    password_reset_at timestamp with time zone
);

-- Name: cognito_sign_ups; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cognito_sign_ups (
    username uuid NOT NULL,
    email text NOT NULL,
    full_name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    bcrypt text,
    CONSTRAINT cognito_sign_ups_email_check CHECK ((email = lower(email)))
);

-- Name: device_registrations; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.device_registrations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    device_fingerprint character varying(255) NOT NULL,
    cyphr_id character varying(100),
    browser_info text,
    registered_at timestamp with time zone DEFAULT now(),
    last_seen timestamp with time zone DEFAULT now(),
    user_id uuid
);

-- Name: direct_chats; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.direct_chats (
    lower_user_id uuid NOT NULL,
    higher_user_id uuid NOT NULL,
    chat_id uuid NOT NULL,
    CONSTRAINT direct_chats_check CHECK ((lower_user_id < higher_user_id))
);

-- Name: discovery_tokens; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.discovery_tokens (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    token character varying(255) NOT NULL,
    type character varying(20) DEFAULT 'share_link'::character varying,
    expires_at timestamp with time zone,
    max_uses integer,
    current_uses integer DEFAULT 0,
    created_at timestamp with time zone DEFAULT now()
);

-- Name: email_codes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.email_codes (
    email text NOT NULL,
    code_hash bytea NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    sends integer DEFAULT 1 NOT NULL,
    window_start timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: imported_passwords; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.imported_passwords (
    user_id uuid NOT NULL,
    email text,
    bcrypt text,
    digest text,
    imported_at timestamp with time zone DEFAULT now() NOT NULL,
    forgotten_at timestamp with time zone,
    CONSTRAINT imported_passwords_check CHECK (((bcrypt IS NULL) = (forgotten_at IS NOT NULL))),
    CONSTRAINT imported_passwords_check1 CHECK (((bcrypt IS NULL) OR (email IS NOT NULL))),
    CONSTRAINT imported_passwords_email_check CHECK ((email = lower(email)))
);

-- Name: known_devices; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.known_devices (
    user_id uuid NOT NULL,
    device_id uuid NOT NULL,
    registration_id uuid,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: message_drafts; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.message_drafts (
    user_id uuid NOT NULL,
    chat_id uuid NOT NULL,
    content text NOT NULL,
    reply_to_id uuid,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: message_edits; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.message_edits (
    message_id uuid NOT NULL,
    number integer NOT NULL,
    content text,
    formatting jsonb,
    written_at timestamp with time zone NOT NULL
);

-- Name: message_status; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.message_status (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    message_id uuid NOT NULL,
    user_id uuid NOT NULL,
    status character varying(20) DEFAULT 'sent'::character varying,
    "timestamp" timestamp with time zone DEFAULT now()
);

-- Name: mfa_attempts; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.mfa_attempts (
    user_id uuid NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: nearby_discovery; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.nearby_discovery (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    latitude numeric(10,7) NOT NULL,
    longitude numeric(10,7) NOT NULL,
    location_hash character varying(128),
    radius_meters integer DEFAULT 1000,
    visible_until timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

-- Name: notification_settings; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.notification_settings (
    user_id uuid NOT NULL,
    preview text DEFAULT 'full'::text NOT NULL,
    mentions_break_mute boolean DEFAULT false NOT NULL,
    quiet_from time without time zone,
    quiet_until time without time zone,
    time_zone text,
    quiet_mode text DEFAULT 'none'::text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT notification_settings_check CHECK ((num_nulls(quiet_from, quiet_until, time_zone) = ANY (ARRAY[0, 3]))),
    CONSTRAINT notification_settings_preview_check CHECK ((preview = ANY (ARRAY['full'::text, 'name'::text, 'none'::text]))),
    CONSTRAINT notification_settings_quiet_mode_check CHECK ((quiet_mode = ANY (ARRAY['badge'::text, 'none'::text])))
);

-- Name: phone_hashes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.phone_hashes (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    phone_hash character varying(128) NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now()
);

-- Name: privacy_settings; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.privacy_settings (
    user_id uuid NOT NULL,
    last_seen text DEFAULT 'everyone'::text NOT NULL,
    picture text DEFAULT 'everyone'::text NOT NULL,
    read_receipts boolean DEFAULT true NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT privacy_settings_last_seen_check CHECK ((last_seen = ANY (ARRAY['everyone'::text, 'contacts'::text, 'nobody'::text]))),
    CONSTRAINT privacy_settings_picture_check CHECK ((picture = ANY (ARRAY['everyone'::text, 'contacts'::text, 'nobody'::text])))
);

-- Name: push_checks; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.push_checks (
    chat_id uuid NOT NULL,
    since timestamp with time zone NOT NULL
);

-- Name: push_endpoints; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.push_endpoints (
    device uuid NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    platform text NOT NULL,
    token text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    endpoint_arn text,
    made_with text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT push_endpoints_language_check CHECK ((language = ANY (ARRAY['en'::text, 'ru'::text]))),
    CONSTRAINT push_endpoints_platform_check CHECK ((platform = ANY (ARRAY['fcm'::text, 'apns'::text, 'webpush'::text])))
);

-- Name: push_state; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.push_state (
    device uuid NOT NULL,
    chat_id uuid NOT NULL,
    wanted_seq bigint NOT NULL,
    pushed_seq bigint DEFAULT 0 NOT NULL,
    badged_seq bigint DEFAULT 0 NOT NULL,
    pushed_at timestamp with time zone,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    tries integer DEFAULT 0 NOT NULL
);

-- Name: recovery_codes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone
);

-- Name: refresh_tokens; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.refresh_tokens (
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    parent_hash bytea
);

-- Name: returning_passwords; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.returning_passwords (
    user_id uuid NOT NULL,
    bcrypt text NOT NULL,
    digest text NOT NULL,
    kept_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    carried_at timestamp with time zone
);

-- Name: sign_in_addresses; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.sign_in_addresses (
    address inet NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    window_start timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: sign_in_attempts; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.sign_in_attempts (
    email_hash text NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: sign_in_challenges; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.sign_in_challenges (
    token_hash bytea NOT NULL,
    purpose text NOT NULL,
    user_id uuid,
    session_id uuid,
    nonce bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    method text,
    device text,
    device_id uuid,
    CONSTRAINT sign_in_challenges_purpose_check CHECK ((purpose = ANY (ARRAY['sign_in'::text, 'passkey'::text, 'step_up'::text, 'enrol'::text])))
);

-- Name: sign_in_methods; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.sign_in_methods (
    user_id uuid NOT NULL,
    method text NOT NULL,
    subject text NOT NULL,
    linked_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sign_in_methods_method_check CHECK ((method ~ '^[a-z][a-z0-9_.:-]{0,63}$'::text))
);

-- Name: tenant_invitations; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_invitations (
    tenant_id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    invited_by uuid,
    invited_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT tenant_invitations_email_check CHECK ((email = lower(email))),
    CONSTRAINT tenant_invitations_role_check CHECK ((role = ANY (ARRAY['member'::text, 'admin'::text])))
);

-- Name: tenant_members; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_members (
    user_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenant_members_role_check CHECK ((role = ANY (ARRAY['member'::text, 'admin'::text, 'owner'::text])))
);

-- Name: tenant_policies; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_policies (
    tenant_id uuid NOT NULL,
    pin_length integer DEFAULT 4 NOT NULL,
    session_days integer DEFAULT 30 NOT NULL,
    require_mfa boolean DEFAULT false NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenant_policies_pin_length_check CHECK (((pin_length >= 4) AND (pin_length <= 6))),
    CONSTRAINT tenant_policies_session_days_check CHECK (((session_days >= 1) AND (session_days <= 30)))
);

-- Name: tenants; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenants (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: transactions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.transactions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    from_user_id uuid,
    to_user_id uuid,
    amount numeric(20,7) NOT NULL,
    asset_code character varying(20) DEFAULT 'XLM'::character varying,
    asset_issuer character varying(255),
    stellar_transaction_id character varying(255),
    status character varying(20) DEFAULT 'pending'::character varying,
    created_at timestamp with time zone DEFAULT now(),
    completed_at timestamp with time zone,
    memo text,
    fee_paid numeric(20,7)
);

-- Name: user_blocks; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.user_blocks (
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_blocks_check CHECK ((blocker_id <> blocked_id))
);

-- Name: user_wallets; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.user_wallets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    public_key character varying(255) NOT NULL,
    encrypted_secret_key text NOT NULL,
    blockchain character varying(50) DEFAULT 'stellar'::character varying,
    balance_xlm numeric(20,7) DEFAULT 0,
    balance_usdc numeric(20,7) DEFAULT 0,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

-- Name: waitlist; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.waitlist (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT now(),
    ip_address inet,
    referrer text,
    source character varying(100) DEFAULT 'landing_page'::character varying,
    user_agent text,
    language character varying(10),
    synced boolean DEFAULT false
);

-- Name: waitlist_stats; Type: VIEW; Schema: public; Owner: -

CREATE VIEW public.waitlist_stats WITH (security_invoker='true') AS
 SELECT (count(*))::integer AS total_signups,
    (EXTRACT(day FROM (max(created_at) - min(created_at))))::integer AS days_active,
    max(created_at) AS last_signup
   FROM public.waitlist;

-- Name: ways_back; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.ways_back (
    service text NOT NULL,
    owed boolean DEFAULT false NOT NULL,
    opened_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: switchboard switchboard_pkey; Type: CONSTRAINT; Schema: cyphr; Owner: -

ALTER TABLE ONLY cyphr.switchboard
    ADD CONSTRAINT switchboard_pkey PRIMARY KEY (service);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: private; Owner: -

ALTER TABLE ONLY private.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);

-- Name: account_emails account_emails_email_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.account_emails
    ADD CONSTRAINT account_emails_email_key UNIQUE (email);

-- Name: account_emails account_emails_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.account_emails
    ADD CONSTRAINT account_emails_pkey PRIMARY KEY (user_id);

-- Name: audit_chain audit_chain_event_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.audit_chain
    ADD CONSTRAINT audit_chain_event_id_key UNIQUE (event_id);

-- Name: audit_chain audit_chain_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.audit_chain
    ADD CONSTRAINT audit_chain_pkey PRIMARY KEY (seq);

-- Name: audit_head audit_head_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (one);

-- Name: audit_log audit_log_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

-- Name: calls calls_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_pkey PRIMARY KEY (id);

-- Name: chat_bans chat_bans_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_bans
    ADD CONSTRAINT chat_bans_pkey PRIMARY KEY (chat_id, user_id);

-- Name: chat_invites chat_invites_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_invites
    ADD CONSTRAINT chat_invites_pkey PRIMARY KEY (id);

-- Name: chat_invites chat_invites_token_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_invites
    ADD CONSTRAINT chat_invites_token_key UNIQUE (token);

-- Name: chat_participants chat_participants_chat_id_user_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_participants
    ADD CONSTRAINT chat_participants_chat_id_user_id_key UNIQUE (chat_id, user_id);

-- Name: chat_participants chat_participants_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_participants
    ADD CONSTRAINT chat_participants_pkey PRIMARY KEY (id);

-- Name: chat_privacy chat_privacy_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_privacy
    ADD CONSTRAINT chat_privacy_pkey PRIMARY KEY (user_id);

-- Name: chats chats_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_pkey PRIMARY KEY (id);

-- Name: cognito_accounts cognito_accounts_cognito_sub_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cognito_accounts
    ADD CONSTRAINT cognito_accounts_cognito_sub_key UNIQUE (cognito_sub);

-- Name: cognito_accounts cognito_accounts_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cognito_accounts
    ADD CONSTRAINT cognito_accounts_pkey PRIMARY KEY (user_id);

-- Name: cognito_accounts cognito_accounts_username_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cognito_accounts
    ADD CONSTRAINT cognito_accounts_username_key UNIQUE (username);

-- Name: cognito_sign_ups cognito_sign_ups_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cognito_sign_ups
    ADD CONSTRAINT cognito_sign_ups_pkey PRIMARY KEY (username);

-- Name: device_registrations device_registrations_device_fingerprint_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.device_registrations
    ADD CONSTRAINT device_registrations_device_fingerprint_key UNIQUE (device_fingerprint);

-- Name: device_registrations device_registrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.device_registrations
    ADD CONSTRAINT device_registrations_pkey PRIMARY KEY (id);

-- Name: direct_chats direct_chats_chat_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_chat_id_key UNIQUE (chat_id);

-- Name: direct_chats direct_chats_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_pkey PRIMARY KEY (lower_user_id, higher_user_id);

-- Name: discovery_tokens discovery_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.discovery_tokens
    ADD CONSTRAINT discovery_tokens_pkey PRIMARY KEY (id);

-- Name: discovery_tokens discovery_tokens_token_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.discovery_tokens
    ADD CONSTRAINT discovery_tokens_token_key UNIQUE (token);

-- Name: email_codes email_codes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.email_codes
    ADD CONSTRAINT email_codes_pkey PRIMARY KEY (email);

-- Name: hidden_messages hidden_messages_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.hidden_messages
    ADD CONSTRAINT hidden_messages_pkey PRIMARY KEY (user_id, message_id);

-- Name: imported_passwords imported_passwords_email_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.imported_passwords
    ADD CONSTRAINT imported_passwords_email_key UNIQUE (email);

-- Name: imported_passwords imported_passwords_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.imported_passwords
    ADD CONSTRAINT imported_passwords_pkey PRIMARY KEY (user_id);

-- Name: known_devices known_devices_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_pkey PRIMARY KEY (user_id, device_id);

-- Name: message_drafts message_drafts_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_drafts
    ADD CONSTRAINT message_drafts_pkey PRIMARY KEY (user_id, chat_id);

-- Name: message_edits message_edits_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_edits
    ADD CONSTRAINT message_edits_pkey PRIMARY KEY (message_id, number);

-- Name: message_reactions message_reactions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_reactions
    ADD CONSTRAINT message_reactions_pkey PRIMARY KEY (message_id, emoji, user_id);

-- Name: message_status message_status_message_id_user_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_status
    ADD CONSTRAINT message_status_message_id_user_id_key UNIQUE (message_id, user_id);

-- Name: message_status message_status_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_status
    ADD CONSTRAINT message_status_pkey PRIMARY KEY (id);

-- Name: messages messages_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

-- Name: mfa_attempts mfa_attempts_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.mfa_attempts
    ADD CONSTRAINT mfa_attempts_pkey PRIMARY KEY (user_id);

-- Name: mfa_factors mfa_factors_credential_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.mfa_factors
    ADD CONSTRAINT mfa_factors_credential_id_key UNIQUE (credential_id);

-- Name: mfa_factors mfa_factors_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.mfa_factors
    ADD CONSTRAINT mfa_factors_pkey PRIMARY KEY (id);

-- Name: nearby_discovery nearby_discovery_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.nearby_discovery
    ADD CONSTRAINT nearby_discovery_pkey PRIMARY KEY (id);

-- Name: notification_settings notification_settings_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.notification_settings
    ADD CONSTRAINT notification_settings_pkey PRIMARY KEY (user_id);

-- Name: phone_hashes phone_hashes_phone_hash_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_phone_hash_key UNIQUE (phone_hash);

-- Name: phone_hashes phone_hashes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_pkey PRIMARY KEY (id);

-- Name: privacy_settings privacy_settings_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.privacy_settings
    ADD CONSTRAINT privacy_settings_pkey PRIMARY KEY (user_id);

-- Name: push_checks push_checks_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_checks
    ADD CONSTRAINT push_checks_pkey PRIMARY KEY (chat_id);

-- Name: push_endpoints push_endpoints_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_endpoints
    ADD CONSTRAINT push_endpoints_pkey PRIMARY KEY (device);

-- Name: push_endpoints push_endpoints_platform_token_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_endpoints
    ADD CONSTRAINT push_endpoints_platform_token_key UNIQUE (platform, token);

-- Name: push_state push_state_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_state
    ADD CONSTRAINT push_state_pkey PRIMARY KEY (device, chat_id);

-- Name: recovery_codes recovery_codes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash);

-- Name: refresh_tokens refresh_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);

-- Name: returning_passwords returning_passwords_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.returning_passwords
    ADD CONSTRAINT returning_passwords_pkey PRIMARY KEY (user_id);

-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

-- Name: sign_in_addresses sign_in_addresses_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sign_in_addresses
    ADD CONSTRAINT sign_in_addresses_pkey PRIMARY KEY (address);

-- Name: sign_in_attempts sign_in_attempts_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sign_in_attempts
    ADD CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (email_hash);

-- Name: sign_in_challenges sign_in_challenges_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_pkey PRIMARY KEY (token_hash);

-- Name: sign_in_methods sign_in_methods_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sign_in_methods
    ADD CONSTRAINT sign_in_methods_pkey PRIMARY KEY (method, subject);

-- Name: tenant_group_members tenant_group_members_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_group_members
    ADD CONSTRAINT tenant_group_members_pkey PRIMARY KEY (group_id, user_id);

-- Name: tenant_groups tenant_groups_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_groups
    ADD CONSTRAINT tenant_groups_pkey PRIMARY KEY (id);

-- Name: tenant_groups tenant_groups_tenant_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_groups
    ADD CONSTRAINT tenant_groups_tenant_id_name_key UNIQUE (tenant_id, name);

-- Name: tenant_invitations tenant_invitations_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invitations
    ADD CONSTRAINT tenant_invitations_pkey PRIMARY KEY (tenant_id, email);

-- Name: tenant_members tenant_members_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_members
    ADD CONSTRAINT tenant_members_pkey PRIMARY KEY (user_id);

-- Name: tenant_policies tenant_policies_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_policies
    ADD CONSTRAINT tenant_policies_pkey PRIMARY KEY (tenant_id);

-- Name: tenants tenants_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_name_key UNIQUE (name);

-- Name: tenants tenants_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);

-- Name: transactions transactions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (id);

-- Name: transactions transactions_stellar_transaction_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_stellar_transaction_id_key UNIQUE (stellar_transaction_id);

-- Name: user_blocks user_blocks_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_blocks
    ADD CONSTRAINT user_blocks_pkey PRIMARY KEY (blocker_id, blocked_id);

-- Name: user_wallets user_wallets_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_wallets
    ADD CONSTRAINT user_wallets_pkey PRIMARY KEY (id);

-- Name: user_wallets user_wallets_public_key_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_wallets
    ADD CONSTRAINT user_wallets_public_key_key UNIQUE (public_key);

-- Name: users users_cyphr_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_cyphr_id_key UNIQUE (cyphr_id);

-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

-- Name: waitlist waitlist_email_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.waitlist
    ADD CONSTRAINT waitlist_email_key UNIQUE (email);

-- Name: waitlist waitlist_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.waitlist
    ADD CONSTRAINT waitlist_pkey PRIMARY KEY (id);

-- Name: ways_back ways_back_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.ways_back
    ADD CONSTRAINT ways_back_pkey PRIMARY KEY (service);

-- Name: audit_log_subject; Type: INDEX; Schema: public; Owner: -

CREATE INDEX audit_log_subject ON public.audit_log USING btree (subject, at);

-- Name: audit_log_tenant; Type: INDEX; Schema: public; Owner: -

CREATE INDEX audit_log_tenant ON public.audit_log USING btree (tenant, at);

-- Name: calls_chat; Type: INDEX; Schema: public; Owner: -

CREATE INDEX calls_chat ON public.calls USING btree (chat_id);

-- Name: chat_bans_banned_by; Type: INDEX; Schema: public; Owner: -

CREATE INDEX chat_bans_banned_by ON public.chat_bans USING btree (banned_by);

-- Name: chat_bans_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX chat_bans_user ON public.chat_bans USING btree (user_id);

-- Name: chat_invites_chat; Type: INDEX; Schema: public; Owner: -

CREATE INDEX chat_invites_chat ON public.chat_invites USING btree (chat_id);

-- Name: chat_invites_created_by; Type: INDEX; Schema: public; Owner: -

CREATE INDEX chat_invites_created_by ON public.chat_invites USING btree (created_by);

-- Name: chat_participants_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX chat_participants_user ON public.chat_participants USING btree (user_id);

-- Name: cognito_accounts_due; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cognito_accounts_due ON public.cognito_accounts USING btree (due_at) WHERE (due_at IS NOT NULL);

-- Name: cognito_sign_ups_email; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cognito_sign_ups_email ON public.cognito_sign_ups USING btree (email, created_at);

-- Name: device_registrations_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX device_registrations_user ON public.device_registrations USING btree (user_id);

-- Name: direct_chats_higher; Type: INDEX; Schema: public; Owner: -

CREATE INDEX direct_chats_higher ON public.direct_chats USING btree (higher_user_id);

-- Name: discovery_tokens_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX discovery_tokens_user ON public.discovery_tokens USING btree (user_id);

-- Name: hidden_messages_message; Type: INDEX; Schema: public; Owner: -

CREATE INDEX hidden_messages_message ON public.hidden_messages USING btree (message_id);

-- Name: known_devices_registration; Type: INDEX; Schema: public; Owner: -

CREATE INDEX known_devices_registration ON public.known_devices USING btree (registration_id);

-- Name: message_drafts_chat; Type: INDEX; Schema: public; Owner: -

CREATE INDEX message_drafts_chat ON public.message_drafts USING btree (chat_id);

-- Name: message_reactions_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX message_reactions_user ON public.message_reactions USING btree (user_id);

-- Name: message_status_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX message_status_user ON public.message_status USING btree (user_id);

-- Name: messages_chat_changed; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_chat_changed ON public.messages USING btree (chat_id, changed) WHERE (changed IS NOT NULL);

-- Name: messages_chat_created; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_chat_created ON public.messages USING btree (chat_id, created_at);

-- Name: messages_chat_seq; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX messages_chat_seq ON public.messages USING btree (chat_id, seq);

-- Name: messages_expiring; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_expiring ON public.messages USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (deleted_at IS NULL));

-- Name: messages_reply_to; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_reply_to ON public.messages USING btree (reply_to_id) WHERE (reply_to_id IS NOT NULL);

-- Name: messages_sender_client; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX messages_sender_client ON public.messages USING btree (sender_id, client_id);

-- Name: messages_words; Type: INDEX; Schema: public; Owner: -

CREATE INDEX messages_words ON public.messages USING gin (((to_tsvector('russian'::regconfig, content) || array_to_tsvector(ARRAY[(chat_id)::text])))) WHERE ((content IS NOT NULL) AND ((message_type)::text IS DISTINCT FROM 'notice'::text));

-- Name: mfa_factors_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX mfa_factors_user ON public.mfa_factors USING btree (user_id);

-- Name: nearby_discovery_location; Type: INDEX; Schema: public; Owner: -

CREATE INDEX nearby_discovery_location ON public.nearby_discovery USING btree (location_hash);

-- Name: nearby_discovery_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX nearby_discovery_user ON public.nearby_discovery USING btree (user_id);

-- Name: phone_hashes_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX phone_hashes_user ON public.phone_hashes USING btree (user_id);

-- Name: privacy_settings_unread; Type: INDEX; Schema: public; Owner: -

CREATE INDEX privacy_settings_unread ON public.privacy_settings USING btree (user_id) WHERE (NOT read_receipts);

-- Name: push_checks_since; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_checks_since ON public.push_checks USING btree (since);

-- Name: push_endpoints_session; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_endpoints_session ON public.push_endpoints USING btree (session_id);

-- Name: push_endpoints_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_endpoints_user ON public.push_endpoints USING btree (user_id);

-- Name: push_state_chat; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_state_chat ON public.push_state USING btree (chat_id);

-- Name: push_state_due; Type: INDEX; Schema: public; Owner: -

CREATE INDEX push_state_due ON public.push_state USING btree (due_at) WHERE (wanted_seq > pushed_seq);

-- Name: refresh_tokens_parent; Type: INDEX; Schema: public; Owner: -

CREATE INDEX refresh_tokens_parent ON public.refresh_tokens USING btree (parent_hash);

-- Name: refresh_tokens_session; Type: INDEX; Schema: public; Owner: -

CREATE INDEX refresh_tokens_session ON public.refresh_tokens USING btree (session_id);

-- Name: returning_passwords_pending; Type: INDEX; Schema: public; Owner: -

CREATE INDEX returning_passwords_pending ON public.returning_passwords USING btree (user_id) WHERE (carried_at IS NULL);

-- Name: sessions_revoked; Type: INDEX; Schema: public; Owner: -

CREATE INDEX sessions_revoked ON public.sessions USING btree (revoked_at) WHERE (revoked_at IS NOT NULL);

-- Name: sessions_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX sessions_user ON public.sessions USING btree (user_id);

-- Name: sign_in_addresses_window; Type: INDEX; Schema: public; Owner: -

CREATE INDEX sign_in_addresses_window ON public.sign_in_addresses USING btree (window_start);

-- Name: sign_in_challenges_expiry; Type: INDEX; Schema: public; Owner: -

CREATE INDEX sign_in_challenges_expiry ON public.sign_in_challenges USING btree (expires_at);

-- Name: sign_in_challenges_session; Type: INDEX; Schema: public; Owner: -

CREATE INDEX sign_in_challenges_session ON public.sign_in_challenges USING btree (session_id);

-- Name: sign_in_challenges_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX sign_in_challenges_user ON public.sign_in_challenges USING btree (user_id);

-- Name: sign_in_methods_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX sign_in_methods_user ON public.sign_in_methods USING btree (user_id);

-- Name: tenant_group_members_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_group_members_user ON public.tenant_group_members USING btree (user_id);

-- Name: tenant_invitations_email; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invitations_email ON public.tenant_invitations USING btree (email);

-- Name: tenant_members_tenant; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_members_tenant ON public.tenant_members USING btree (tenant_id, role);

-- Name: transactions_from; Type: INDEX; Schema: public; Owner: -

CREATE INDEX transactions_from ON public.transactions USING btree (from_user_id);

-- Name: transactions_to; Type: INDEX; Schema: public; Owner: -

CREATE INDEX transactions_to ON public.transactions USING btree (to_user_id);

-- Name: user_blocks_blocked; Type: INDEX; Schema: public; Owner: -

CREATE INDEX user_blocks_blocked ON public.user_blocks USING btree (blocked_id);

-- Name: user_wallets_user; Type: INDEX; Schema: public; Owner: -

CREATE INDEX user_wallets_user ON public.user_wallets USING btree (user_id);

-- Name: users_email_hash; Type: INDEX; Schema: public; Owner: -

CREATE INDEX users_email_hash ON public.users USING btree (email_hash);

-- Name: users_newest; Type: INDEX; Schema: public; Owner: -

CREATE INDEX users_newest ON public.users USING btree (created_at DESC, id DESC);

-- Name: users_phone_hash; Type: INDEX; Schema: public; Owner: -

CREATE INDEX users_phone_hash ON public.users USING btree (phone_hash);

-- Name: fence cyphr_fence; Type: TRIGGER; Schema: cyphr; Owner: -

CREATE TRIGGER cyphr_fence BEFORE INSERT ON cyphr.fence FOR EACH STATEMENT EXECUTE FUNCTION cyphr.refuse_write();

ALTER TABLE cyphr.fence DISABLE TRIGGER cyphr_fence;

-- Name: audit_chain audit_chain_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER audit_chain_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_chain FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_rewriting();

-- Name: audit_head audit_head_stays; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON public.audit_head FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_rewriting();

-- Name: audit_log audit_log_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_rewriting();

-- Name: audit_log audit_log_chain; Type: TRIGGER; Schema: public; Owner: -

CREATE CONSTRAINT TRIGGER audit_log_chain AFTER INSERT ON public.audit_log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.chain_security_event();

-- Name: sessions forget_endpoints; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER forget_endpoints AFTER UPDATE OF revoked_at ON public.sessions FOR EACH ROW WHEN ((new.revoked_at IS NOT NULL)) EXECUTE FUNCTION private.forget_endpoints_of_session();

-- Name: messages note_messages; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER note_messages AFTER INSERT ON public.messages REFERENCING NEW TABLE AS stored FOR EACH STATEMENT EXECUTE FUNCTION private.note_messages();

-- Name: messages number_message; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER number_message AFTER INSERT ON public.messages FOR EACH ROW WHEN ((new.seq IS NULL)) EXECUTE FUNCTION private.number_message();

-- Name: account_emails account_emails_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.account_emails
    ADD CONSTRAINT account_emails_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: audit_chain audit_chain_event_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.audit_chain
    ADD CONSTRAINT audit_chain_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.audit_log(id);

-- Name: calls calls_callee_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_callee_id_fkey FOREIGN KEY (callee_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: calls calls_caller_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_caller_id_fkey FOREIGN KEY (caller_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: calls calls_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: chat_bans chat_bans_banned_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_bans
    ADD CONSTRAINT chat_bans_banned_by_fkey FOREIGN KEY (banned_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: chat_bans chat_bans_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_bans
    ADD CONSTRAINT chat_bans_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: chat_bans chat_bans_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_bans
    ADD CONSTRAINT chat_bans_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: chat_invites chat_invites_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_invites
    ADD CONSTRAINT chat_invites_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: chat_invites chat_invites_created_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_invites
    ADD CONSTRAINT chat_invites_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: chat_participants chat_participants_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_participants
    ADD CONSTRAINT chat_participants_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: chat_participants chat_participants_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_participants
    ADD CONSTRAINT chat_participants_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: chat_privacy chat_privacy_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.chat_privacy
    ADD CONSTRAINT chat_privacy_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: device_registrations device_registrations_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.device_registrations
    ADD CONSTRAINT device_registrations_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: direct_chats direct_chats_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: direct_chats direct_chats_higher_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_higher_user_id_fkey FOREIGN KEY (higher_user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: direct_chats direct_chats_lower_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.direct_chats
    ADD CONSTRAINT direct_chats_lower_user_id_fkey FOREIGN KEY (lower_user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: discovery_tokens discovery_tokens_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.discovery_tokens
    ADD CONSTRAINT discovery_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: hidden_messages hidden_messages_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.hidden_messages
    ADD CONSTRAINT hidden_messages_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

-- Name: hidden_messages hidden_messages_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.hidden_messages
    ADD CONSTRAINT hidden_messages_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: known_devices known_devices_registration_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_registration_id_fkey FOREIGN KEY (registration_id) REFERENCES public.device_registrations(id) ON DELETE SET NULL;

-- Name: known_devices known_devices_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: message_drafts message_drafts_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_drafts
    ADD CONSTRAINT message_drafts_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: message_drafts message_drafts_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_drafts
    ADD CONSTRAINT message_drafts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: message_edits message_edits_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_edits
    ADD CONSTRAINT message_edits_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

-- Name: message_reactions message_reactions_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_reactions
    ADD CONSTRAINT message_reactions_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

-- Name: message_reactions message_reactions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_reactions
    ADD CONSTRAINT message_reactions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: message_status message_status_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_status
    ADD CONSTRAINT message_status_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

-- Name: message_status message_status_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.message_status
    ADD CONSTRAINT message_status_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: messages messages_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: messages messages_reply_to_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_reply_to_id_fkey FOREIGN KEY (reply_to_id) REFERENCES public.messages(id) ON DELETE SET NULL;

-- Name: messages messages_sender_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: mfa_attempts mfa_attempts_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.mfa_attempts
    ADD CONSTRAINT mfa_attempts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: mfa_factors mfa_factors_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.mfa_factors
    ADD CONSTRAINT mfa_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: nearby_discovery nearby_discovery_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.nearby_discovery
    ADD CONSTRAINT nearby_discovery_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: notification_settings notification_settings_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.notification_settings
    ADD CONSTRAINT notification_settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: phone_hashes phone_hashes_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.phone_hashes
    ADD CONSTRAINT phone_hashes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: privacy_settings privacy_settings_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.privacy_settings
    ADD CONSTRAINT privacy_settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: push_checks push_checks_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_checks
    ADD CONSTRAINT push_checks_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: push_endpoints push_endpoints_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_endpoints
    ADD CONSTRAINT push_endpoints_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;

-- Name: push_endpoints push_endpoints_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_endpoints
    ADD CONSTRAINT push_endpoints_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: push_state push_state_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_state
    ADD CONSTRAINT push_state_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

-- Name: push_state push_state_device_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.push_state
    ADD CONSTRAINT push_state_device_fkey FOREIGN KEY (device) REFERENCES public.push_endpoints(device) ON DELETE CASCADE;

-- Name: recovery_codes recovery_codes_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: refresh_tokens refresh_tokens_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;

-- Name: sessions sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: sign_in_challenges sign_in_challenges_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;

-- Name: sign_in_challenges sign_in_challenges_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: tenant_group_members tenant_group_members_group_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_group_members
    ADD CONSTRAINT tenant_group_members_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.tenant_groups(id) ON DELETE CASCADE;

-- Name: tenant_group_members tenant_group_members_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_group_members
    ADD CONSTRAINT tenant_group_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: tenant_groups tenant_groups_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_groups
    ADD CONSTRAINT tenant_groups_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;

-- Name: tenant_invitations tenant_invitations_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invitations
    ADD CONSTRAINT tenant_invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;

-- Name: tenant_members tenant_members_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_members
    ADD CONSTRAINT tenant_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

-- Name: tenant_members tenant_members_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_members
    ADD CONSTRAINT tenant_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: tenant_policies tenant_policies_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_policies
    ADD CONSTRAINT tenant_policies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;

-- Name: transactions transactions_from_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_from_user_id_fkey FOREIGN KEY (from_user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: transactions transactions_to_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_to_user_id_fkey FOREIGN KEY (to_user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: user_blocks user_blocks_blocked_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_blocks
    ADD CONSTRAINT user_blocks_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: user_blocks user_blocks_blocker_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_blocks
    ADD CONSTRAINT user_blocks_blocker_id_fkey FOREIGN KEY (blocker_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: user_wallets user_wallets_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.user_wallets
    ADD CONSTRAINT user_wallets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: account_emails; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.account_emails ENABLE ROW LEVEL SECURITY;

-- Name: account_emails account_emails_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY account_emails_read_own ON public.account_emails FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: audit_chain; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.audit_chain ENABLE ROW LEVEL SECURITY;

-- Name: audit_head; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.audit_head ENABLE ROW LEVEL SECURITY;

-- Name: audit_log; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

-- Name: calls; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.calls ENABLE ROW LEVEL SECURITY;

-- Name: calls calls_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY calls_read ON public.calls FOR SELECT TO authenticated USING (private.is_member(chat_id));

-- Name: chat_bans; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.chat_bans ENABLE ROW LEVEL SECURITY;

-- Name: chat_bans chat_bans_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY chat_bans_read ON public.chat_bans FOR SELECT TO authenticated USING (private.is_admin(chat_id));

-- Name: chat_invites; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.chat_invites ENABLE ROW LEVEL SECURITY;

-- Name: chat_invites chat_invites_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY chat_invites_read ON public.chat_invites FOR SELECT TO authenticated USING (private.is_admin(chat_id));

-- Name: chat_participants; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.chat_participants ENABLE ROW LEVEL SECURITY;

-- Name: chat_participants chat_participants_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY chat_participants_read ON public.chat_participants FOR SELECT TO authenticated USING (private.is_member(chat_id));

-- Name: chat_privacy; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.chat_privacy ENABLE ROW LEVEL SECURITY;

-- Name: chat_privacy chat_privacy_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY chat_privacy_read_own ON public.chat_privacy FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: chats; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.chats ENABLE ROW LEVEL SECURITY;

-- Name: chats chats_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY chats_read ON public.chats FOR SELECT TO authenticated USING (private.is_member(id));

-- Name: cognito_accounts; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cognito_accounts ENABLE ROW LEVEL SECURITY;

-- Name: cognito_accounts cognito_accounts_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY cognito_accounts_read_own ON public.cognito_accounts FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: cognito_sign_ups; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cognito_sign_ups ENABLE ROW LEVEL SECURITY;

-- Name: device_registrations; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.device_registrations ENABLE ROW LEVEL SECURITY;

-- Name: device_registrations device_registrations_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY device_registrations_read_own ON public.device_registrations FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: direct_chats; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.direct_chats ENABLE ROW LEVEL SECURITY;

-- Name: discovery_tokens; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.discovery_tokens ENABLE ROW LEVEL SECURITY;

-- Name: discovery_tokens discovery_tokens_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY discovery_tokens_read_own ON public.discovery_tokens FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: discovery_tokens discovery_tokens_remove_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY discovery_tokens_remove_own ON public.discovery_tokens FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: email_codes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.email_codes ENABLE ROW LEVEL SECURITY;

-- Name: hidden_messages; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.hidden_messages ENABLE ROW LEVEL SECURITY;

-- Name: hidden_messages hidden_messages_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY hidden_messages_own ON public.hidden_messages FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: imported_passwords; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.imported_passwords ENABLE ROW LEVEL SECURITY;

-- Name: known_devices; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.known_devices ENABLE ROW LEVEL SECURITY;

-- Name: message_drafts; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.message_drafts ENABLE ROW LEVEL SECURITY;

-- Name: message_drafts message_drafts_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_drafts_change ON public.message_drafts FOR UPDATE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid))) WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND private.is_member(chat_id)));

-- Name: message_drafts message_drafts_delete; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_drafts_delete ON public.message_drafts FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: message_drafts message_drafts_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_drafts_read ON public.message_drafts FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: message_drafts message_drafts_write; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_drafts_write ON public.message_drafts FOR INSERT TO authenticated WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND private.is_member(chat_id)));

-- Name: message_edits; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.message_edits ENABLE ROW LEVEL SECURITY;

-- Name: message_edits message_edits_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_edits_read ON public.message_edits FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.messages message
  WHERE (message.id = message_edits.message_id))));

-- Name: message_reactions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.message_reactions ENABLE ROW LEVEL SECURITY;

-- Name: message_reactions message_reactions_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_reactions_read ON public.message_reactions FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.messages message
  WHERE (message.id = message_reactions.message_id))));

-- Name: message_status; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.message_status ENABLE ROW LEVEL SECURITY;

-- Name: message_status message_status_change_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_status_change_own ON public.message_status FOR UPDATE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: message_status message_status_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_status_read ON public.message_status FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.messages message
  WHERE (message.id = message_status.message_id))));

-- Name: message_status message_status_write_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY message_status_write_own ON public.message_status FOR INSERT TO authenticated WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND (EXISTS ( SELECT
   FROM public.messages message
  WHERE (message.id = message_status.message_id)))));

-- Name: messages; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.messages ENABLE ROW LEVEL SECURITY;

-- Name: messages messages_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY messages_read ON public.messages FOR SELECT TO authenticated USING ((private.can_read(chat_id, seq) AND ((expires_at IS NULL) OR (expires_at > now()))));

-- Name: messages messages_send; Type: POLICY; Schema: public; Owner: -

CREATE POLICY messages_send ON public.messages FOR INSERT TO authenticated WITH CHECK (((sender_id = ( SELECT auth.uid() AS uid)) AND private.may_write(chat_id) AND ((message_type)::text IS DISTINCT FROM 'notice'::text)));

-- Name: mfa_attempts; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.mfa_attempts ENABLE ROW LEVEL SECURITY;

-- Name: mfa_factors; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.mfa_factors ENABLE ROW LEVEL SECURITY;

-- Name: nearby_discovery; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.nearby_discovery ENABLE ROW LEVEL SECURITY;

-- Name: nearby_discovery nearby_discovery_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY nearby_discovery_read_own ON public.nearby_discovery FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: nearby_discovery nearby_discovery_remove_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY nearby_discovery_remove_own ON public.nearby_discovery FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: notification_settings; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.notification_settings ENABLE ROW LEVEL SECURITY;

-- Name: notification_settings notification_settings_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY notification_settings_read_own ON public.notification_settings FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: phone_hashes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.phone_hashes ENABLE ROW LEVEL SECURITY;

-- Name: privacy_settings; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.privacy_settings ENABLE ROW LEVEL SECURITY;

-- Name: privacy_settings privacy_settings_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY privacy_settings_read_own ON public.privacy_settings FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: push_checks; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.push_checks ENABLE ROW LEVEL SECURITY;

-- Name: push_endpoints; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.push_endpoints ENABLE ROW LEVEL SECURITY;

-- Name: push_state; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.push_state ENABLE ROW LEVEL SECURITY;

-- Name: recovery_codes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.recovery_codes ENABLE ROW LEVEL SECURITY;

-- Name: refresh_tokens; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.refresh_tokens ENABLE ROW LEVEL SECURITY;

-- Name: returning_passwords; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.returning_passwords ENABLE ROW LEVEL SECURITY;

-- Name: sessions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;

-- Name: sign_in_addresses; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.sign_in_addresses ENABLE ROW LEVEL SECURITY;

-- Name: sign_in_attempts; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.sign_in_attempts ENABLE ROW LEVEL SECURITY;

-- Name: sign_in_challenges; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.sign_in_challenges ENABLE ROW LEVEL SECURITY;

-- Name: sign_in_methods; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.sign_in_methods ENABLE ROW LEVEL SECURITY;

-- Name: sign_in_methods sign_in_methods_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY sign_in_methods_read_own ON public.sign_in_methods FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: tenant_group_members; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_group_members ENABLE ROW LEVEL SECURITY;

-- Name: tenant_groups; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_groups ENABLE ROW LEVEL SECURITY;

-- Name: tenant_invitations; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_invitations ENABLE ROW LEVEL SECURITY;

-- Name: tenant_members; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_members ENABLE ROW LEVEL SECURITY;

-- Name: tenant_policies; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_policies ENABLE ROW LEVEL SECURITY;

-- Name: tenants; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;

-- Name: transactions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.transactions ENABLE ROW LEVEL SECURITY;

-- Name: transactions transactions_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY transactions_read_own ON public.transactions FOR SELECT TO authenticated USING (((( SELECT auth.uid() AS uid) = from_user_id) OR (( SELECT auth.uid() AS uid) = to_user_id)));

-- Name: user_blocks; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.user_blocks ENABLE ROW LEVEL SECURITY;

-- Name: user_blocks user_blocks_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY user_blocks_read_own ON public.user_blocks FOR SELECT TO authenticated USING ((blocker_id = ( SELECT auth.uid() AS uid)));

-- Name: user_wallets; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.user_wallets ENABLE ROW LEVEL SECURITY;

-- Name: user_wallets user_wallets_read_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY user_wallets_read_own ON public.user_wallets FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: users; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

-- Name: users users_change_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY users_change_own ON public.users FOR UPDATE TO authenticated USING ((id = ( SELECT auth.uid() AS uid))) WITH CHECK ((id = ( SELECT auth.uid() AS uid)));

-- Name: users users_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY users_read ON public.users FOR SELECT TO authenticated USING (((id = ( SELECT auth.uid() AS uid)) OR private.shares_chat_with(id)));

-- Name: waitlist; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.waitlist ENABLE ROW LEVEL SECURITY;

-- Name: ways_back; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.ways_back ENABLE ROW LEVEL SECURITY;

-- Name: SCHEMA cyphr; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA cyphr TO PUBLIC;

-- Name: SCHEMA private; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA private TO anon;
GRANT USAGE ON SCHEMA private TO authenticated;
GRANT USAGE ON SCHEMA private TO cyphr_app;

-- Name: FUNCTION accept_invitation(p_user_id uuid, p_email text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.accept_invitation(p_user_id uuid, p_email text) FROM PUBLIC;

-- Name: FUNCTION add_factor(p_id uuid, p_kind text, p_name text, p_secret bytea, p_credential_id bytea, p_public_key bytea, p_counter bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.add_factor(p_id uuid, p_kind text, p_name text, p_secret bytea, p_credential_id bytea, p_public_key bytea, p_counter bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.add_factor(p_id uuid, p_kind text, p_name text, p_secret bytea, p_credential_id bytea, p_public_key bytea, p_counter bigint) TO cyphr_app;

-- Name: FUNCTION add_members(p_chat_id uuid, p_user_ids uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.add_members(p_chat_id uuid, p_user_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.add_members(p_chat_id uuid, p_user_ids uuid[]) TO cyphr_app;

-- Name: FUNCTION admin_count_people(p_words text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_count_people(p_words text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_count_people(p_words text) TO cyphr_app;

-- Name: FUNCTION admin_create(p_user_id uuid, p_email text, p_email_hash text, p_full_name text, p_role text, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_create(p_user_id uuid, p_email text, p_email_hash text, p_full_name text, p_role text, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_create(p_user_id uuid, p_email text, p_email_hash text, p_full_name text, p_role text, p_address inet) TO cyphr_app;

-- Name: FUNCTION admin_events(p_before bigint, p_user_id uuid, p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_events(p_before bigint, p_user_id uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_events(p_before bigint, p_user_id uuid, p_limit integer) TO cyphr_app;

-- Name: FUNCTION admin_groups(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_groups() FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_groups() TO cyphr_app;

-- Name: FUNCTION admin_invite(p_email text, p_role text, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_invite(p_email text, p_role text, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_invite(p_email text, p_role text, p_address inet) TO cyphr_app;

-- Name: FUNCTION admin_make_group(p_group_id uuid, p_name text, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_make_group(p_group_id uuid, p_name text, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_make_group(p_group_id uuid, p_name text, p_address inet) TO cyphr_app;

-- Name: FUNCTION admin_note_export(p_people integer, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_note_export(p_people integer, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_note_export(p_people integer, p_address inet) TO cyphr_app;

-- Name: FUNCTION tenant_of(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.tenant_of(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION tenant_role_of(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.tenant_role_of(p_user_id uuid) FROM PUBLIC;

-- Name: TABLE account_emails; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.account_emails TO service_role;
GRANT SELECT ON TABLE public.account_emails TO authenticated;

-- Name: TABLE mfa_factors; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.mfa_factors TO service_role;

-- Name: TABLE sessions; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.sessions TO service_role;

-- Name: TABLE tenant_group_members; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.tenant_group_members TO service_role;

-- Name: TABLE tenant_groups; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.tenant_groups TO service_role;

-- Name: TABLE users; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.users TO service_role;

-- Name: COLUMN users.id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(id) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.full_name; Type: ACL; Schema: public; Owner: -

GRANT SELECT(full_name),UPDATE(full_name) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.nickname; Type: ACL; Schema: public; Owner: -

GRANT SELECT(nickname),UPDATE(nickname) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.avatar_url; Type: ACL; Schema: public; Owner: -

GRANT SELECT(avatar_url) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.public_key; Type: ACL; Schema: public; Owner: -

GRANT SELECT(public_key) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.status; Type: ACL; Schema: public; Owner: -

GRANT SELECT(status),UPDATE(status) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.is_online; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(is_online) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.last_seen; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(last_seen) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.created_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(created_at) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.updated_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(updated_at),UPDATE(updated_at) ON TABLE public.users TO authenticated;

-- Name: COLUMN users.cyphr_id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(cyphr_id) ON TABLE public.users TO authenticated;

-- Name: FUNCTION admin_people(p_words text, p_suspended boolean, p_user_id uuid, p_moment timestamp with time zone, p_id uuid, p_offset integer, p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_people(p_words text, p_suspended boolean, p_user_id uuid, p_moment timestamp with time zone, p_id uuid, p_offset integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_people(p_words text, p_suspended boolean, p_user_id uuid, p_moment timestamp with time zone, p_id uuid, p_offset integer, p_limit integer) TO cyphr_app;

-- Name: FUNCTION admin_policy(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_policy() FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_policy() TO cyphr_app;

-- Name: FUNCTION admin_remove_group(p_group_id uuid, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_remove_group(p_group_id uuid, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_remove_group(p_group_id uuid, p_address inet) TO cyphr_app;

-- Name: FUNCTION admin_sessions(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_sessions(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_sessions(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION admin_set_group(p_group_id uuid, p_user_id uuid, p_in boolean, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_set_group(p_group_id uuid, p_user_id uuid, p_in boolean, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_set_group(p_group_id uuid, p_user_id uuid, p_in boolean, p_address inet) TO cyphr_app;

-- Name: FUNCTION admin_set_policy(p_pin_length integer, p_session_days integer, p_require_mfa boolean, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_set_policy(p_pin_length integer, p_session_days integer, p_require_mfa boolean, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admin_set_policy(p_pin_length integer, p_session_days integer, p_require_mfa boolean, p_address inet) TO cyphr_app;

-- Name: FUNCTION admin_target(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admin_target(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION administer(p_act text, p_user_id uuid, p_argument text, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.administer(p_act text, p_user_id uuid, p_argument text, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.administer(p_act text, p_user_id uuid, p_argument text, p_address inet) TO cyphr_app;

-- Name: FUNCTION administered_tenant(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.administered_tenant() FROM PUBLIC;
GRANT ALL ON FUNCTION private.administered_tenant() TO cyphr_app;

-- Name: FUNCTION administers(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.administers(p_chat_id uuid) FROM PUBLIC;

-- Name: FUNCTION admit_session(p_user_id uuid, p_method text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device text, p_device_id uuid, p_address inet, p_user_agent text, p_challenge_hash bytea, p_nonce bytea); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.admit_session(p_user_id uuid, p_method text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device text, p_device_id uuid, p_address inet, p_user_agent text, p_challenge_hash bytea, p_nonce bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.admit_session(p_user_id uuid, p_method text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device text, p_device_id uuid, p_address inet, p_user_agent text, p_challenge_hash bytea, p_nonce bytea) TO cyphr_app;

-- Name: FUNCTION adopt_session(p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamp with time zone, p_expires_at timestamp with time zone, p_strong boolean); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.adopt_session(p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamp with time zone, p_expires_at timestamp with time zone, p_strong boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.adopt_session(p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamp with time zone, p_expires_at timestamp with time zone, p_strong boolean) TO cyphr_app;

-- Name: FUNCTION advance_watermarks(p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.advance_watermarks(p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.advance_watermarks(p_user_ids uuid[], p_chat_ids uuid[], p_received bigint[], p_read bigint[]) TO cyphr_app;

-- Name: FUNCTION appoint(p_email text, p_role text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.appoint(p_email text, p_role text) FROM PUBLIC;

-- Name: FUNCTION audit_canonical(p_seq bigint, p_event public.audit_log); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.audit_canonical(p_seq bigint, p_event public.audit_log) FROM PUBLIC;

-- Name: FUNCTION audit_field(p_value text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.audit_field(p_value text) FROM PUBLIC;

-- Name: FUNCTION begin_challenge(p_token_hash bytea, p_purpose text, p_user_id uuid, p_session_id uuid, p_nonce bytea, p_device_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.begin_challenge(p_token_hash bytea, p_purpose text, p_user_id uuid, p_session_id uuid, p_nonce bytea, p_device_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.begin_challenge(p_token_hash bytea, p_purpose text, p_user_id uuid, p_session_id uuid, p_nonce bytea, p_device_id uuid) TO cyphr_app;

-- Name: FUNCTION begin_cognito_sign_up(p_username uuid, p_email text, p_full_name text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.begin_cognito_sign_up(p_username uuid, p_email text, p_full_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.begin_cognito_sign_up(p_username uuid, p_email text, p_full_name text) TO cyphr_app;

-- Name: FUNCTION begin_factor_try(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.begin_factor_try(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.begin_factor_try(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION begin_sign_in(p_email text, p_email_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.begin_sign_in(p_email text, p_email_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.begin_sign_in(p_email text, p_email_hash text) TO cyphr_app;

-- Name: FUNCTION begin_sign_in(p_email text, p_email_hash text, p_address inet, p_most integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.begin_sign_in(p_email text, p_email_hash text, p_address inet, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.begin_sign_in(p_email text, p_email_hash text, p_address inet, p_most integer) TO cyphr_app;

-- Name: FUNCTION blind_to_reading(p_reader uuid, p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.blind_to_reading(p_reader uuid, p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.blind_to_reading(p_reader uuid, p_chat_id uuid) TO cyphr_app;

-- Name: FUNCTION block(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.block(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.block(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION can_read(chat uuid, message_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.can_read(chat uuid, message_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.can_read(chat uuid, message_seq bigint) TO authenticated;

-- Name: FUNCTION chain_security_event(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.chain_security_event() FROM PUBLIC;

-- Name: FUNCTION change_disappearing(p_chat_id uuid, p_seconds integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.change_disappearing(p_chat_id uuid, p_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.change_disappearing(p_chat_id uuid, p_seconds integer) TO cyphr_app;

-- Name: FUNCTION change_group(p_chat_id uuid, p_changes jsonb); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.change_group(p_chat_id uuid, p_changes jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.change_group(p_chat_id uuid, p_changes jsonb) TO cyphr_app;

-- Name: FUNCTION check_pushes(p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.check_pushes(p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.check_pushes(p_after interval, p_collapse interval, p_limit integer, p_chat_id uuid, p_seq bigint) TO cyphr_app;

-- Name: FUNCTION clear_direct_chat(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.clear_direct_chat(p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.clear_direct_chat(p_chat_id uuid) TO cyphr_app;

-- Name: FUNCTION confirm_factor(p_id uuid, p_counter bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.confirm_factor(p_id uuid, p_counter bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.confirm_factor(p_id uuid, p_counter bigint) TO cyphr_app;

-- Name: FUNCTION count_members(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.count_members(p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.count_members(p_chat_id uuid) TO cyphr_app;

-- Name: FUNCTION count_news(p_chat_id uuid, p_seq bigint, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.count_news(p_chat_id uuid, p_seq bigint, p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION count_recovery_codes(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.count_recovery_codes() FROM PUBLIC;
GRANT ALL ON FUNCTION private.count_recovery_codes() TO cyphr_app;

-- Name: FUNCTION counted_address(p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.counted_address(p_address inet) FROM PUBLIC;

-- Name: FUNCTION create_group(p_chat_id uuid, p_name text, p_members uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.create_group(p_chat_id uuid, p_name text, p_members uuid[]) TO cyphr_app;

-- Name: FUNCTION create_invite(p_invite_id uuid, p_chat_id uuid, p_token text, p_expires_at timestamp with time zone, p_max_uses integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.create_invite(p_invite_id uuid, p_chat_id uuid, p_token text, p_expires_at timestamp with time zone, p_max_uses integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.create_invite(p_invite_id uuid, p_chat_id uuid, p_token text, p_expires_at timestamp with time zone, p_max_uses integer) TO cyphr_app;

-- Name: FUNCTION delete_message(p_chat_id uuid, p_message_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.delete_message(p_chat_id uuid, p_message_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.delete_message(p_chat_id uuid, p_message_id uuid) TO cyphr_app;

-- Name: FUNCTION demands_factor(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.demands_factor(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.demands_factor(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION do_administer(p_act text, p_user_id uuid, p_argument text, p_tenant uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.do_administer(p_act text, p_user_id uuid, p_argument text, p_tenant uuid) FROM PUBLIC;

-- Name: FUNCTION edit_message(p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.edit_message(p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.edit_message(p_chat_id uuid, p_message_id uuid, p_content text, p_formatting jsonb, p_mentions uuid[]) TO cyphr_app;

-- Name: FUNCTION empty_message(p_message_id uuid, p_deleted_at timestamp with time zone); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.empty_message(p_message_id uuid, p_deleted_at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION end_sessions(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.end_sessions(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION ended_lately(p_seconds double precision); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.ended_lately(p_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION private.ended_lately(p_seconds double precision) TO cyphr_app;

-- Name: FUNCTION enrol(p_chat_id uuid, p_user_ids uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.enrol(p_chat_id uuid, p_user_ids uuid[]) FROM PUBLIC;

-- Name: FUNCTION enter_chat(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.enter_chat(p_chat_id uuid) FROM PUBLIC;

-- Name: FUNCTION exchangeable(p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamp with time zone); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.exchangeable(p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.exchangeable(p_session_id uuid, p_issuer text, p_subject text, p_began_at timestamp with time zone) TO cyphr_app;

-- Name: FUNCTION factors_of(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.factors_of(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.factors_of(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION find_messages(p_words text, p_chat_id uuid, p_before timestamp with time zone, p_before_id uuid, p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.find_messages(p_words text, p_chat_id uuid, p_before timestamp with time zone, p_before_id uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.find_messages(p_words text, p_chat_id uuid, p_before timestamp with time zone, p_before_id uuid, p_limit integer) TO cyphr_app;

-- Name: FUNCTION find_passkey(p_credential_id bytea); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.find_passkey(p_credential_id bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.find_passkey(p_credential_id bytea) TO cyphr_app;

-- Name: FUNCTION find_person(p_cyphr_id text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.find_person(p_cyphr_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.find_person(p_cyphr_id text) TO cyphr_app;

-- Name: FUNCTION finish_cognito_sign_up(p_username uuid, p_sub text, p_email_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.finish_cognito_sign_up(p_username uuid, p_sub text, p_email_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.finish_cognito_sign_up(p_username uuid, p_sub text, p_email_hash text) TO cyphr_app;

-- Name: FUNCTION finish_pushes(p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.finish_pushes(p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval) FROM PUBLIC;
GRANT ALL ON FUNCTION private.finish_pushes(p_devices uuid[], p_chat_ids uuid[], p_seqs bigint[], p_silent boolean[], p_collapse interval) TO cyphr_app;

-- Name: FUNCTION first_members(p_chat_ids uuid[], p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.first_members(p_chat_ids uuid[], p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.first_members(p_chat_ids uuid[], p_limit integer) TO cyphr_app;

-- Name: FUNCTION forget_device(p_session_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forget_device(p_session_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forget_device(p_session_id uuid) TO cyphr_app;

-- Name: FUNCTION forget_endpoint(p_device uuid, p_token text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forget_endpoint(p_device uuid, p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forget_endpoint(p_device uuid, p_token text) TO cyphr_app;

-- Name: FUNCTION forget_endpoints_of_session(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forget_endpoints_of_session() FROM PUBLIC;

-- Name: FUNCTION forget_imported_password(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forget_imported_password(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forget_imported_password(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION forgive_address(p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forgive_address(p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forgive_address(p_address inet) TO cyphr_app;

-- Name: FUNCTION forgive_factor_tries(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forgive_factor_tries(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forgive_factor_tries(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION forgive_sign_in(p_email_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.forgive_sign_in(p_email_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.forgive_sign_in(p_email_hash text) TO cyphr_app;

-- Name: FUNCTION has_password(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.has_password(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION hearers_of(p_chat_id uuid, p_message_id uuid, p_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.hearers_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) FROM PUBLIC;

-- Name: FUNCTION heir_of(chat uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.heir_of(chat uuid) FROM PUBLIC;

-- Name: FUNCTION hide_message(p_chat_id uuid, p_message_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.hide_message(p_chat_id uuid, p_message_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.hide_message(p_chat_id uuid, p_message_id uuid) TO cyphr_app;

-- Name: FUNCTION hold_service(p_service text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.hold_service(p_service text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.hold_service(p_service text) TO cyphr_app;

-- Name: FUNCTION invited_to(p_token text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.invited_to(p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.invited_to(p_token text) TO cyphr_app;

-- Name: FUNCTION is_admin(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_admin(p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_admin(p_chat_id uuid) TO authenticated;

-- Name: FUNCTION is_last_owner(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_last_owner(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION is_member(chat uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_member(chat uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_member(chat uuid) TO authenticated;

-- Name: FUNCTION is_mentioned(p_chat_id uuid, p_seq bigint, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_mentioned(p_chat_id uuid, p_seq bigint, p_user_id uuid) FROM PUBLIC;

-- Name: TABLE messages; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.messages TO service_role;
GRANT SELECT ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(id) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.chat_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(chat_id) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.sender_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(sender_id) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.content; Type: ACL; Schema: public; Owner: -

GRANT INSERT(content) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.encrypted; Type: ACL; Schema: public; Owner: -

GRANT INSERT(encrypted) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.message_type; Type: ACL; Schema: public; Owner: -

GRANT INSERT(message_type) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.reply_to_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(reply_to_id) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.file_url; Type: ACL; Schema: public; Owner: -

GRANT INSERT(file_url) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.file_type; Type: ACL; Schema: public; Owner: -

GRANT INSERT(file_type) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.file_size; Type: ACL; Schema: public; Owner: -

GRANT INSERT(file_size) ON TABLE public.messages TO authenticated;

-- Name: COLUMN messages.thumbnail_url; Type: ACL; Schema: public; Owner: -

GRANT INSERT(thumbnail_url) ON TABLE public.messages TO authenticated;

-- Name: FUNCTION is_news(message public.messages, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_news(message public.messages, p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION is_signing_up(p_username uuid, p_email text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.is_signing_up(p_username uuid, p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_signing_up(p_username uuid, p_email text) TO cyphr_app;

-- Name: FUNCTION issue_email_code(p_email text, p_code_hash bytea); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.issue_email_code(p_email text, p_code_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.issue_email_code(p_email text, p_code_hash bytea) TO cyphr_app;

-- Name: FUNCTION join_by_invite(p_token text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.join_by_invite(p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.join_by_invite(p_token text) TO cyphr_app;

-- Name: FUNCTION keep_endpoint_arn(p_device uuid, p_token text, p_arn text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.keep_endpoint_arn(p_device uuid, p_token text, p_arn text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.keep_endpoint_arn(p_device uuid, p_token text, p_arn text) TO cyphr_app;

-- Name: FUNCTION keep_imported_password(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.keep_imported_password(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.keep_imported_password(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION keep_password(p_user_id uuid, p_bcrypt text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.keep_password(p_user_id uuid, p_bcrypt text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.keep_password(p_user_id uuid, p_bcrypt text) TO cyphr_app;

-- Name: FUNCTION keep_sign_up_password(p_username uuid, p_bcrypt text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.keep_sign_up_password(p_username uuid, p_bcrypt text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.keep_sign_up_password(p_username uuid, p_bcrypt text) TO cyphr_app;

-- Name: FUNCTION known_as(p_issuer text, p_subject text, p_began_at timestamp with time zone); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.known_as(p_issuer text, p_subject text, p_began_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.known_as(p_issuer text, p_subject text, p_began_at timestamp with time zone) TO cyphr_app;

-- Name: FUNCTION knows_of(p_chat_id uuid, p_message_id uuid, p_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.knows_of(p_chat_id uuid, p_message_id uuid, p_seq bigint) FROM PUBLIC;

-- Name: FUNCTION leave_group(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.leave_group(p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.leave_group(p_chat_id uuid) TO cyphr_app;

-- Name: FUNCTION lift_ban(p_chat_id uuid, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.lift_ban(p_chat_id uuid, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.lift_ban(p_chat_id uuid, p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION link_own_password(p_sub text, p_username text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.link_own_password(p_sub text, p_username text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.link_own_password(p_sub text, p_username text) TO cyphr_app;

-- Name: FUNCTION link_password(p_user_id uuid, p_sub text, p_username text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.link_password(p_user_id uuid, p_sub text, p_username text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.link_password(p_user_id uuid, p_sub text, p_username text) TO cyphr_app;

-- Name: FUNCTION list_blocked(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.list_blocked() FROM PUBLIC;
GRANT ALL ON FUNCTION private.list_blocked() TO cyphr_app;

-- Name: FUNCTION list_duties(p_user_id uuid, p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.list_duties(p_user_id uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.list_duties(p_user_id uuid, p_limit integer) TO cyphr_app;

-- Name: FUNCTION list_factors(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.list_factors() FROM PUBLIC;
GRANT ALL ON FUNCTION private.list_factors() TO cyphr_app;

-- Name: FUNCTION list_sessions(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.list_sessions() FROM PUBLIC;
GRANT ALL ON FUNCTION private.list_sessions() TO cyphr_app;

-- Name: FUNCTION live_members(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.live_members(p_chat_id uuid) FROM PUBLIC;

-- Name: FUNCTION lock_own_chat(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.lock_own_chat(p_chat_id uuid) FROM PUBLIC;

-- Name: FUNCTION make_tenant(p_tenant_id uuid, p_name text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.make_tenant(p_tenant_id uuid, p_name text) FROM PUBLIC;

-- Name: FUNCTION may_add(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.may_add(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION may_send(p_chat_id uuid, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.may_send(p_chat_id uuid, p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION may_write(p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.may_write(p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.may_write(p_chat_id uuid) TO authenticated;

-- Name: FUNCTION methods_of_own(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.methods_of_own() FROM PUBLIC;
GRANT ALL ON FUNCTION private.methods_of_own() TO cyphr_app;

-- Name: FUNCTION name_of(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.name_of(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.name_of(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION name_session(p_session_id uuid, p_name text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.name_session(p_session_id uuid, p_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.name_session(p_session_id uuid, p_name text) TO cyphr_app;

-- Name: FUNCTION no_change(p_outcome text, p_message public.messages); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.no_change(p_outcome text, p_message public.messages) FROM PUBLIC;

-- Name: FUNCTION note_admin(p_event text, p_subject uuid, p_session uuid, p_address inet, p_details jsonb); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.note_admin(p_event text, p_subject uuid, p_session uuid, p_address inet, p_details jsonb) FROM PUBLIC;

-- Name: FUNCTION note_cognito_sign_out(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.note_cognito_sign_out() FROM PUBLIC;
GRANT ALL ON FUNCTION private.note_cognito_sign_out() TO cyphr_app;

-- Name: FUNCTION note_exchange(p_session_id uuid, p_user_id uuid, p_method text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.note_exchange(p_session_id uuid, p_user_id uuid, p_method text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.note_exchange(p_session_id uuid, p_user_id uuid, p_method text) TO cyphr_app;

-- Name: FUNCTION note_messages(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.note_messages() FROM PUBLIC;

-- Name: FUNCTION note_proof(p_session_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.note_proof(p_session_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.note_proof(p_session_id uuid) TO cyphr_app;

-- Name: FUNCTION note_security_event(p_event text, p_actor uuid, p_subject uuid, p_session uuid, p_address inet, p_details jsonb); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.note_security_event(p_event text, p_actor uuid, p_subject uuid, p_session uuid, p_address inet, p_details jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.note_security_event(p_event text, p_actor uuid, p_subject uuid, p_session uuid, p_address inet, p_details jsonb) TO cyphr_app;

-- Name: FUNCTION number_change(p_chat_id uuid, p_message_id uuid, p_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.number_change(p_chat_id uuid, p_message_id uuid, p_seq bigint) FROM PUBLIC;

-- Name: FUNCTION number_message(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.number_message() FROM PUBLIC;

-- Name: FUNCTION open_challenged(p_challenge_hash bytea, p_factor text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device_id uuid, p_address inet, p_user_agent text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.open_challenged(p_challenge_hash bytea, p_factor text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device_id uuid, p_address inet, p_user_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_challenged(p_challenge_hash bytea, p_factor text, p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device_id uuid, p_address inet, p_user_agent text) TO cyphr_app;

-- Name: FUNCTION open_direct_chat(p_chat_id uuid, p_other uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.open_direct_chat(p_chat_id uuid, p_other uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_direct_chat(p_chat_id uuid, p_other uuid) TO cyphr_app;

-- Name: FUNCTION open_session(p_user_id uuid, p_method text, p_factors text[], p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device text, p_device_id uuid, p_address inet, p_user_agent text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.open_session(p_user_id uuid, p_method text, p_factors text[], p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device text, p_device_id uuid, p_address inet, p_user_agent text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_session(p_user_id uuid, p_method text, p_factors text[], p_session_id uuid, p_token_hash bytea, p_expires_at timestamp with time zone, p_device text, p_device_id uuid, p_address inet, p_user_agent text) TO cyphr_app;

-- Name: FUNCTION owe_pool(p_user_id uuid, p_enabled boolean); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.owe_pool(p_user_id uuid, p_enabled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.owe_pool(p_user_id uuid, p_enabled boolean) TO cyphr_app;

-- Name: FUNCTION own_pin_length(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.own_pin_length() FROM PUBLIC;
GRANT ALL ON FUNCTION private.own_pin_length() TO cyphr_app;

-- Name: FUNCTION page_of_members(p_chat_id uuid, p_after uuid, p_pattern text, p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.page_of_members(p_chat_id uuid, p_after uuid, p_pattern text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.page_of_members(p_chat_id uuid, p_after uuid, p_pattern text, p_limit integer) TO cyphr_app;

-- Name: FUNCTION password_account(p_email text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.password_account(p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.password_account(p_email text) TO cyphr_app;

-- Name: FUNCTION policy_of(p_tenant uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.policy_of(p_tenant uuid) FROM PUBLIC;

-- Name: FUNCTION pool_username(p_email text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.pool_username(p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.pool_username(p_email text) TO cyphr_app;

-- Name: FUNCTION post_notice(p_chat_id uuid, p_actor uuid, p_content jsonb); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.post_notice(p_chat_id uuid, p_actor uuid, p_content jsonb) FROM PUBLIC;

-- Name: FUNCTION preview_invite(p_token text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.preview_invite(p_token text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.preview_invite(p_token text) TO cyphr_app;

-- Name: FUNCTION push_reader(p_device uuid, p_chat_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.push_reader(p_device uuid, p_chat_id uuid) FROM PUBLIC;

-- Name: FUNCTION quiet_until(p_from time without time zone, p_until time without time zone, p_time_zone text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.quiet_until(p_from time without time zone, p_until time without time zone, p_time_zone text) FROM PUBLIC;

-- Name: FUNCTION rank_of(role text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.rank_of(role text) FROM PUBLIC;

-- Name: FUNCTION react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.react(p_chat_id uuid, p_message_id uuid, p_emoji text, p_wanted boolean) TO cyphr_app;

-- Name: FUNCTION read_challenge(p_token_hash bytea, p_purpose text, p_session_id uuid, p_device_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.read_challenge(p_token_hash bytea, p_purpose text, p_session_id uuid, p_device_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.read_challenge(p_token_hash bytea, p_purpose text, p_session_id uuid, p_device_id uuid) TO cyphr_app;

-- Name: FUNCTION read_factors(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.read_factors(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.read_factors(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION read_imported_password(p_email text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.read_imported_password(p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.read_imported_password(p_email text) TO cyphr_app;

-- Name: FUNCTION read_kept_password(p_email text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.read_kept_password(p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.read_kept_password(p_email text) TO cyphr_app;

-- Name: FUNCTION read_presence(p_chat_id uuid, p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.read_presence(p_chat_id uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.read_presence(p_chat_id uuid, p_limit integer) TO cyphr_app;

-- Name: FUNCTION read_unconfirmed(p_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.read_unconfirmed(p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.read_unconfirmed(p_id uuid) TO cyphr_app;

-- Name: FUNCTION record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) TO cyphr_app;

-- Name: FUNCTION record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamp with time zone[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_presence(p_user_ids uuid[], p_online boolean[], p_seen_at timestamp with time zone[]) TO cyphr_app;

-- Name: FUNCTION recover_pin(p_email text, p_email_hash text, p_code_hash bytea, p_pin_hash text, p_pin_length integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.recover_pin(p_email text, p_email_hash text, p_code_hash bytea, p_pin_hash text, p_pin_length integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.recover_pin(p_email text, p_email_hash text, p_code_hash bytea, p_pin_hash text, p_pin_length integer) TO cyphr_app;

-- Name: FUNCTION refuse_rewriting(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.refuse_rewriting() FROM PUBLIC;

-- Name: FUNCTION register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text) TO cyphr_app;

-- Name: FUNCTION register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text, p_pin_length integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text, p_pin_length integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.register_account(p_user_id uuid, p_email text, p_email_hash text, p_code_hash bytea, p_full_name text, p_cyphr_id text, p_pin_hash text, p_pin_length integer) TO cyphr_app;

-- Name: FUNCTION register_endpoint(p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.register_endpoint(p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.register_endpoint(p_device uuid, p_session_id uuid, p_platform text, p_token text, p_language text) TO cyphr_app;

-- Name: FUNCTION rehash_pin(p_user_id uuid, p_old_hash text, p_new_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.rehash_pin(p_user_id uuid, p_old_hash text, p_new_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.rehash_pin(p_user_id uuid, p_old_hash text, p_new_hash text) TO cyphr_app;

-- Name: FUNCTION remove_endpoint(p_device uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.remove_endpoint(p_device uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_endpoint(p_device uuid) TO cyphr_app;

-- Name: FUNCTION remove_factor(p_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.remove_factor(p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_factor(p_id uuid) TO cyphr_app;

-- Name: FUNCTION remove_member(p_chat_id uuid, p_user_id uuid, p_ban boolean); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.remove_member(p_chat_id uuid, p_user_id uuid, p_ban boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_member(p_chat_id uuid, p_user_id uuid, p_ban boolean) TO cyphr_app;

-- Name: FUNCTION replace_recovery_codes(p_hashes bytea[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.replace_recovery_codes(p_hashes bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.replace_recovery_codes(p_hashes bytea[]) TO cyphr_app;

-- Name: FUNCTION require_authority(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.require_authority() FROM PUBLIC;

-- Name: FUNCTION reserve_from_address(p_address inet, p_most integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.reserve_from_address(p_address inet, p_most integer) FROM PUBLIC;

-- Name: FUNCTION reset_password(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.reset_password(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION retry_pushes(p_devices uuid[], p_chat_ids uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.retry_pushes(p_devices uuid[], p_chat_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.retry_pushes(p_devices uuid[], p_chat_ids uuid[]) TO cyphr_app;

-- Name: FUNCTION revoke_invite(p_chat_id uuid, p_invite_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.revoke_invite(p_chat_id uuid, p_invite_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.revoke_invite(p_chat_id uuid, p_invite_id uuid) TO cyphr_app;

-- Name: FUNCTION revoke_sessions(p_only uuid, p_kept uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.revoke_sessions(p_only uuid, p_kept uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.revoke_sessions(p_only uuid, p_kept uuid) TO cyphr_app;

-- Name: FUNCTION role_of(p_chat_id uuid, p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.role_of(p_chat_id uuid, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.role_of(p_chat_id uuid, p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamp with time zone, p_address inet); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamp with time zone, p_address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION private.rotate_session(p_old_hash bytea, p_new_hash bytea, p_expires_at timestamp with time zone, p_address inet) TO cyphr_app;

-- Name: FUNCTION session_end(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.session_end(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION session_is_live(p_session_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.session_is_live(p_session_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.session_is_live(p_session_id uuid) TO cyphr_app;

-- Name: FUNCTION session_is_proved(p_session_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.session_is_proved(p_session_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.session_is_proved(p_session_id uuid) TO cyphr_app;

-- Name: FUNCTION set_avatar(p_url text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_avatar(p_url text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_avatar(p_url text) TO cyphr_app;

-- Name: FUNCTION set_chat_privacy(p_who_may_add text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_chat_privacy(p_who_may_add text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_chat_privacy(p_who_may_add text) TO cyphr_app;

-- Name: FUNCTION set_chat_settings(p_chat_id uuid, p_settings jsonb); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_chat_settings(p_chat_id uuid, p_settings jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_chat_settings(p_chat_id uuid, p_settings jsonb) TO cyphr_app;

-- Name: FUNCTION set_notifications(p_preview text, p_mentions_break_mute boolean, p_quiet_from time without time zone, p_quiet_until time without time zone, p_time_zone text, p_quiet_mode text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_notifications(p_preview text, p_mentions_break_mute boolean, p_quiet_from time without time zone, p_quiet_until time without time zone, p_time_zone text, p_quiet_mode text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_notifications(p_preview text, p_mentions_break_mute boolean, p_quiet_from time without time zone, p_quiet_until time without time zone, p_time_zone text, p_quiet_mode text) TO cyphr_app;

-- Name: FUNCTION set_pin(p_pin_hash text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_pin(p_pin_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_pin(p_pin_hash text) TO cyphr_app;

-- Name: FUNCTION set_pinned_chats(p_chat_ids uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_pinned_chats(p_chat_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_pinned_chats(p_chat_ids uuid[]) TO cyphr_app;

-- Name: FUNCTION set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_privacy(p_last_seen text, p_picture text, p_read_receipts boolean) TO cyphr_app;

-- Name: FUNCTION set_role(p_chat_id uuid, p_user_id uuid, p_role text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.set_role(p_chat_id uuid, p_user_id uuid, p_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_role(p_chat_id uuid, p_user_id uuid, p_role text) TO cyphr_app;

-- Name: FUNCTION settle_duty(p_user_id uuid, p_due_at timestamp with time zone, p_enabled boolean); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.settle_duty(p_user_id uuid, p_due_at timestamp with time zone, p_enabled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.settle_duty(p_user_id uuid, p_due_at timestamp with time zone, p_enabled boolean) TO cyphr_app;

-- Name: FUNCTION shares_chat_with(person uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.shares_chat_with(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.shares_chat_with(person uuid) TO authenticated;

-- Name: FUNCTION shown_picture(p_user_id uuid, p_url text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.shown_picture(p_user_id uuid, p_url text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.shown_picture(p_user_id uuid, p_url text) TO cyphr_app;

-- Name: FUNCTION shown_read_seq(p_user_id uuid, p_read_seq bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.shown_read_seq(p_user_id uuid, p_read_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.shown_read_seq(p_user_id uuid, p_read_seq bigint) TO cyphr_app;

-- Name: FUNCTION signs_in_with_password(p_sub text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.signs_in_with_password(p_sub text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.signs_in_with_password(p_sub text) TO cyphr_app;

-- Name: FUNCTION store_messages(p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.store_messages(p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.store_messages(p_chat_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_message_ids uuid[], p_contents text[], p_reply_to_ids uuid[], p_mentions text[], p_formatting jsonb[], p_forwarded_from text[]) TO cyphr_app;

-- Name: FUNCTION sweep_expired(p_limit integer); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.sweep_expired(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.sweep_expired(p_limit integer) TO cyphr_app;

-- Name: FUNCTION take_challenge(p_token_hash bytea, p_purpose text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.take_challenge(p_token_hash bytea, p_purpose text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_challenge(p_token_hash bytea, p_purpose text) TO cyphr_app;

-- Name: FUNCTION take_counter(p_id uuid, p_counter bigint); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.take_counter(p_id uuid, p_counter bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_counter(p_id uuid, p_counter bigint) TO cyphr_app;

-- Name: FUNCTION take_pushes(p_limit integer, p_chat_id uuid, p_lease interval); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.take_pushes(p_limit integer, p_chat_id uuid, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_pushes(p_limit integer, p_chat_id uuid, p_lease interval) TO cyphr_app;

-- Name: FUNCTION take_recovery_code(p_user_id uuid, p_code_hash bytea); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.take_recovery_code(p_user_id uuid, p_code_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_recovery_code(p_user_id uuid, p_code_hash bytea) TO cyphr_app;

-- Name: FUNCTION unblock(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.unblock(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.unblock(p_user_id uuid) TO cyphr_app;

-- Name: FUNCTION unlink_method(p_method text); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.unlink_method(p_method text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.unlink_method(p_method text) TO cyphr_app;

-- Name: FUNCTION unread_chats(p_user_id uuid); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.unread_chats(p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION way_back_is_open(); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.way_back_is_open() FROM PUBLIC;
GRANT ALL ON FUNCTION private.way_back_is_open() TO cyphr_app;

-- Name: FUNCTION which_ended(p_session_ids uuid[]); Type: ACL; Schema: private; Owner: -

REVOKE ALL ON FUNCTION private.which_ended(p_session_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.which_ended(p_session_ids uuid[]) TO cyphr_app;

-- Name: TABLE switchboard; Type: ACL; Schema: cyphr; Owner: -

GRANT SELECT ON TABLE cyphr.switchboard TO PUBLIC;

-- Name: TABLE chat_participants; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.chat_participants TO service_role;
GRANT SELECT ON TABLE public.chat_participants TO authenticated;

-- Name: TABLE hidden_messages; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.hidden_messages TO service_role;
GRANT SELECT ON TABLE public.hidden_messages TO authenticated;

-- Name: TABLE message_reactions; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_reactions TO service_role;
GRANT SELECT ON TABLE public.message_reactions TO authenticated;

-- Name: TABLE shown_messages; Type: ACL; Schema: private; Owner: -

GRANT SELECT ON TABLE private.shown_messages TO cyphr_app;

-- Name: TABLE calls; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.calls TO service_role;
GRANT SELECT ON TABLE public.calls TO authenticated;

-- Name: TABLE chat_bans; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.chat_bans TO service_role;
GRANT SELECT ON TABLE public.chat_bans TO authenticated;

-- Name: TABLE chat_invites; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.chat_invites TO service_role;
GRANT SELECT ON TABLE public.chat_invites TO authenticated;

-- Name: TABLE chat_privacy; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.chat_privacy TO service_role;
GRANT SELECT ON TABLE public.chat_privacy TO authenticated;

-- Name: TABLE chats; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.chats TO service_role;
GRANT SELECT ON TABLE public.chats TO authenticated;

-- Name: TABLE cognito_accounts; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.cognito_accounts TO service_role;
GRANT SELECT ON TABLE public.cognito_accounts TO authenticated;

-- Name: TABLE cognito_sign_ups; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.cognito_sign_ups TO service_role;

-- Name: TABLE device_registrations; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.device_registrations TO service_role;
GRANT SELECT ON TABLE public.device_registrations TO authenticated;

-- Name: TABLE direct_chats; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.direct_chats TO service_role;

-- Name: TABLE discovery_tokens; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.discovery_tokens TO service_role;
GRANT SELECT,DELETE ON TABLE public.discovery_tokens TO authenticated;

-- Name: TABLE email_codes; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.email_codes TO service_role;

-- Name: TABLE known_devices; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.known_devices TO service_role;

-- Name: TABLE message_drafts; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_drafts TO service_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.message_drafts TO authenticated;

-- Name: COLUMN message_drafts.content; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(content) ON TABLE public.message_drafts TO authenticated;

-- Name: COLUMN message_drafts.reply_to_id; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(reply_to_id) ON TABLE public.message_drafts TO authenticated;

-- Name: COLUMN message_drafts.updated_at; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(updated_at) ON TABLE public.message_drafts TO authenticated;

-- Name: TABLE message_edits; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_edits TO service_role;
GRANT SELECT ON TABLE public.message_edits TO authenticated;

-- Name: TABLE message_status; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.message_status TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.message_status TO authenticated;

-- Name: TABLE mfa_attempts; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.mfa_attempts TO service_role;

-- Name: TABLE nearby_discovery; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.nearby_discovery TO service_role;
GRANT SELECT,DELETE ON TABLE public.nearby_discovery TO authenticated;

-- Name: TABLE notification_settings; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.notification_settings TO service_role;
GRANT SELECT ON TABLE public.notification_settings TO authenticated;

-- Name: TABLE phone_hashes; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.phone_hashes TO service_role;

-- Name: TABLE privacy_settings; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.privacy_settings TO service_role;
GRANT SELECT ON TABLE public.privacy_settings TO authenticated;

-- Name: TABLE push_checks; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.push_checks TO service_role;

-- Name: TABLE push_endpoints; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.push_endpoints TO service_role;

-- Name: TABLE push_state; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.push_state TO service_role;

-- Name: TABLE recovery_codes; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.recovery_codes TO service_role;

-- Name: TABLE refresh_tokens; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.refresh_tokens TO service_role;

-- Name: TABLE sign_in_addresses; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.sign_in_addresses TO service_role;

-- Name: TABLE sign_in_attempts; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.sign_in_attempts TO service_role;

-- Name: TABLE sign_in_challenges; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.sign_in_challenges TO service_role;

-- Name: TABLE sign_in_methods; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.sign_in_methods TO service_role;
GRANT SELECT ON TABLE public.sign_in_methods TO authenticated;

-- Name: TABLE tenant_invitations; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.tenant_invitations TO service_role;

-- Name: TABLE tenant_members; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.tenant_members TO service_role;

-- Name: TABLE tenant_policies; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.tenant_policies TO service_role;

-- Name: TABLE tenants; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.tenants TO service_role;

-- Name: TABLE transactions; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.transactions TO service_role;
GRANT SELECT ON TABLE public.transactions TO authenticated;

-- Name: TABLE user_blocks; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.user_blocks TO service_role;
GRANT SELECT ON TABLE public.user_blocks TO authenticated;

-- Name: TABLE user_wallets; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.user_wallets TO service_role;

-- Name: COLUMN user_wallets.id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(id) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.user_id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(user_id) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.public_key; Type: ACL; Schema: public; Owner: -

GRANT SELECT(public_key) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.blockchain; Type: ACL; Schema: public; Owner: -

GRANT SELECT(blockchain) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.balance_xlm; Type: ACL; Schema: public; Owner: -

GRANT SELECT(balance_xlm) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.balance_usdc; Type: ACL; Schema: public; Owner: -

GRANT SELECT(balance_usdc) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.created_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(created_at) ON TABLE public.user_wallets TO authenticated;

-- Name: COLUMN user_wallets.updated_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(updated_at) ON TABLE public.user_wallets TO authenticated;

-- Name: TABLE waitlist; Type: ACL; Schema: public; Owner: -

GRANT ALL ON TABLE public.waitlist TO service_role;

-- Name: TABLE waitlist_stats; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.waitlist_stats TO service_role;
