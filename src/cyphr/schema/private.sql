-- Functions and tables that no client may reach directly. Supabase's API does not expose this schema. Idempotent.

create schema if not exists private;
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, cyphr_app;

create table if not exists private.schema_migrations (
    name       text primary key,
    checksum   text not null,
    applied_at timestamptz not null default now()
);
