-- Functions and tables that no client may reach directly. Supabase's API does not expose this schema. Idempotent.

create schema if not exists private;
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, cyphr_app;

create table if not exists private.schema_migrations (
    name       text primary key,
    checksum   text not null,
    applied_at timestamptz not null default now()
);

-- Supabase has auth.uid(); elsewhere it is made here, over the same setting, so that policies are the same text.
do $$
begin
    if to_regprocedure('auth.uid()') is null then
        create schema if not exists auth;
        grant usage on schema auth to anon, authenticated, service_role;
        create function auth.uid() returns uuid language sql stable set search_path = '' as
            $uid$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $uid$;
    end if;
end
$$;
