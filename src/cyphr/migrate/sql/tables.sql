-- The migration's memory, in the database on AWS, so that it survives the machine that the operator works on. Idempotent.

create schema if not exists cyphr;

-- Where each service is in its life.
create table if not exists cyphr.phases (
    service    text primary key,
    phase      text not null,
    since      timestamptz not null default clock_timestamp(),
    progress   jsonb not null default '{}',
    updated_at timestamptz not null default clock_timestamp()
);

-- What happened, in order; never changed.
create table if not exists cyphr.journal (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default clock_timestamp(),
    service text not null,
    event   text not null,
    detail  jsonb not null default '{}'
);

-- What operators asked for. The one migrator that runs takes them in order.
create table if not exists cyphr.requests (
    id           bigint generated always as identity primary key,
    action       text not null check (action in ('verify', 'handover', 'handback', 'close', 'give up')),
    service      text not null,
    options      jsonb not null default '{}',
    requested_at timestamptz not null default clock_timestamp(),
    finished_at  timestamptz,
    outcome      text check (outcome in ('done', 'failed')),
    detail       jsonb not null default '{}'
);

-- How long a request is tried again while a server is away.
alter table cyphr.requests add column if not exists patience_seconds float8 not null default 60;
