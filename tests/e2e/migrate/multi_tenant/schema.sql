-- Organisations that share tables: who sees what is decided by row-level security on the signed-in user.

create type member_role as enum ('owner', 'admin', 'member');
create type ticket_state as enum ('open', 'in progress', 'it''s done');

create table profiles (
    id   uuid primary key references auth.users on delete cascade,
    name text not null
);
create table organisations (id uuid primary key default gen_random_uuid(), name text not null, settings jsonb not null default '{}');
create table members (
    organisation_id uuid references organisations on delete cascade,
    user_id         uuid references auth.users on delete cascade,
    role            member_role not null default 'member',
    primary key (organisation_id, user_id)
);
create table tickets (
    id              bigint generated always as identity primary key,
    organisation_id uuid not null references organisations on delete cascade,
    author_id       uuid references auth.users on delete set null,
    state           ticket_state not null default 'open',
    history         ticket_state[] not null default '{}',
    title           text not null,
    body            text,
    changed_at      timestamptz not null default now()
);
create index on tickets (organisation_id, state) where state <> 'it''s done';

create schema private;
create function private.my_organisations() returns setof uuid
    language sql stable security definer set search_path = ''
as $$ select organisation_id from public.members where user_id = auth.uid() $$;

alter table profiles enable row level security;
alter table organisations enable row level security;
alter table members enable row level security;
alter table tickets enable row level security;
alter table tickets force row level security;
create policy own on profiles using (id = auth.uid()) with check (id = auth.uid());
create policy members on organisations for select to authenticated using (id in (select private.my_organisations()));
create policy same on members for select to authenticated using (organisation_id in (select private.my_organisations()));
create policy read on tickets for select to authenticated using (organisation_id in (select private.my_organisations()));
create policy write on tickets for update to authenticated
    using (organisation_id in (select private.my_organisations())) with check (author_id = auth.uid());
create policy confirmed on tickets as restrictive for select to authenticated
    using (exists (select from auth.users u where u.id = auth.uid() and u.email_confirmed_at is not null));
revoke all on profiles, organisations, members, tickets from anon;

create view open_tickets with (security_invoker = true) as select id, title from tickets where state = 'open';
create materialized view ticket_counts as select organisation_id, count(*) as tickets from tickets group by 1;
create unique index on ticket_counts (organisation_id);

insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
select gen_random_uuid(), n || '@example.org', now(), '{"name": "Жук"}' from generate_series(1, 50) as n;
insert into auth.identities (provider_id, user_id, identity_data, provider, created_at)
select id::text, id, jsonb_build_object('sub', id, 'email', email), 'email', now() from auth.users on conflict do nothing;
insert into profiles select id, coalesce(email, 'nobody') from auth.users;
insert into organisations (name) select 'organisation ' || n from generate_series(1, 5) as n;
insert into members (organisation_id, user_id)
select o.id, u.id from organisations o cross join auth.users u where hashtext(o.id::text || u.id::text) % 3 = 0;
insert into tickets (organisation_id, author_id, title)
select organisation_id, user_id, 'ticket ' || n from members cross join generate_series(1, 20) as n;
refresh materialized view ticket_counts;
