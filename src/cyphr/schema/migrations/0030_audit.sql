-- The log of security events, and the chain that proves it whole. Each event is a row of audit_log; when its transaction
-- commits, a row of audit_chain gives it the next place and a hash over the place before, and audit_head says how far the
-- chain goes. All three are plain rows, so they survive the database's migration and are extended on the other side.

create table if not exists public.audit_log (
    id         uuid primary key default gen_random_uuid(),
    at         timestamptz not null default clock_timestamp(),
    event      text not null,
    actor      uuid,
    subject    uuid,
    session    uuid,
    tenant     uuid,
    address    inet,
    details    jsonb not null default '{}'
);
-- No foreign keys to people: what happened stays known when they are gone.
create index if not exists audit_log_subject on public.audit_log (subject, at);
create index if not exists audit_log_tenant on public.audit_log (tenant, at);

create table if not exists public.audit_chain (
    seq      bigint primary key check (seq > 0),
    event_id uuid not null unique references public.audit_log,
    hash     bytea not null check (octet_length(hash) = 32)
);

-- One row. Its lock gives the places out in order; without it the end of the chain could be cut off unnoticed.
create table if not exists public.audit_head (
    one  boolean primary key default true check (one),
    seq  bigint not null,
    hash bytea not null
);

-- Who is suspended cannot sign in, and their sessions have ended.
alter table public.users add column if not exists suspended_at timestamptz;
