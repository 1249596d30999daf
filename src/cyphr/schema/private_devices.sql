-- What a person sees of their own sessions.

create or replace function private.list_sessions() returns table (
    id uuid, name text, device text, user_agent text, place text, method text, factors text[], created_at timestamptz,
    last_used_at timestamptz, registered_at timestamptz
)
    language sql stable security definer set search_path = ''
as $$
    select session.id, session.name, session.device, session.user_agent, host(session.address), session.method,
           session.factors, session.created_at, session.last_used_at, registration.registered_at
    from public.sessions session
    left join public.known_devices known on known.user_id = session.user_id and known.device_id = session.device_id
    left join public.device_registrations registration on registration.id = known.registration_id
    where session.user_id = (select auth.uid()) and session.revoked_at is null and session.expires_at > now()
    order by session.last_used_at desc, session.id desc
    limit 500
$$;

create or replace function private.name_session(p_session_id uuid, p_name text) returns boolean
    language sql volatile security definer set search_path = ''
as $$
    update public.sessions set name = p_name
    where id = p_session_id and user_id = (select auth.uid()) and revoked_at is null and expires_at > now()
    returning true
$$;

create or replace function private.forget_device(p_session_id uuid) returns void
    language sql volatile security definer set search_path = ''
as $$
    delete from public.known_devices known
    using public.sessions session
    where session.id = p_session_id and session.user_id = (select auth.uid())
      and known.user_id = session.user_id and known.device_id = session.device_id
$$;

revoke all on function private.list_sessions(), private.name_session(uuid, text), private.forget_device(uuid)
    from public, anon, authenticated;
grant execute on function private.list_sessions(), private.name_session(uuid, text), private.forget_device(uuid)
    to cyphr_app;
