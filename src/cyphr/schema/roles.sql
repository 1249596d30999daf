-- The roles that policies and grants name. On Supabase the first three exist; on AWS they are created here. None can
-- log in: whoever runs the stack gives cyphr_app, the messenger's runtime role, a password. Idempotent.

do $$
begin
    if not exists (select from pg_roles where rolname = 'anon') then
        create role anon nologin noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then
        create role authenticated nologin noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'service_role') then
        create role service_role nologin noinherit;
    end if;
    -- The runtime role owns no table and cannot bypass row-level security.
    if not exists (select from pg_roles where rolname = 'cyphr_app') then
        create role cyphr_app nologin inherit;
    end if;
end
$$;

grant authenticated to cyphr_app;
