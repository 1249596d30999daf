-- Tenants, and who administers them. Whoever has no row in tenant_members is a member of the first tenant, so nothing has to
-- be written for the people of before, nor by a server that does not know of tenants yet.

create table if not exists public.tenants (
    id         uuid primary key,
    name       text not null unique,
    created_at timestamptz not null default now()
);
insert into public.tenants (id, name) values ('00000000-0000-4000-8000-000000000001', 'default')
on conflict do nothing;

create table if not exists public.tenant_members (
    user_id   uuid primary key references public.users on delete cascade,
    tenant_id uuid not null references public.tenants,
    role      text not null default 'member' check (role in ('member', 'admin', 'owner')),
    since     timestamptz not null default now()
);
create index if not exists tenant_members_tenant on public.tenant_members (tenant_id, role);

-- Without a row: 4 digits, 30 days, no second factor demanded.
create table if not exists public.tenant_policies (
    tenant_id    uuid primary key references public.tenants on delete cascade,
    pin_length   integer not null default 4 check (pin_length between 4 and 6),
    session_days integer not null default 30 check (session_days between 1 and 30),
    require_mfa  boolean not null default false,
    changed_at   timestamptz not null default now()
);

-- Whoever registers with the address meanwhile comes into the tenant.
create table if not exists public.tenant_invitations (
    tenant_id  uuid not null references public.tenants on delete cascade,
    email      text not null check (email = lower(email)),
    role       text not null check (role in ('member', 'admin')),
    invited_by uuid,
    invited_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (tenant_id, email)
);
create index if not exists tenant_invitations_email on public.tenant_invitations (email);

create table if not exists public.tenant_groups (
    id         uuid primary key,
    tenant_id  uuid not null references public.tenants on delete cascade,
    name       text not null,
    created_at timestamptz not null default now(),
    unique (tenant_id, name)
);

create table if not exists public.tenant_group_members (
    group_id uuid not null references public.tenant_groups on delete cascade,
    user_id  uuid not null references public.users on delete cascade,
    since    timestamptz not null default now(),
    primary key (group_id, user_id)
);
create index if not exists tenant_group_members_user on public.tenant_group_members (user_id);

create index if not exists users_newest on public.users (created_at desc, id desc);
